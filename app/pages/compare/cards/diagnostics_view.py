"""Confusion matrices of several runs side by side with their difference, and their ROC and reliability curves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.formatting import format_relative_change, format_share
from app.forms import discard
from app.pages.compare.views.predictions_view import common_classes, confusion_difference, task_of
from app.plots import CountMatrix, DifferenceMatrix, XYPlot, XYSeries
from app.theme import CARD_GAP, GAP, VisibleConnection, manager, resolve
from app.widgets import Label, RichLabel, choice_box
from mtl_core.analysis.diagnostics.confusion import normalize_rows
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.protocol.diagnostics import ClassDiagnostics, Diagnostics, TaskDiagnostics

_COLUMNS = 2
_MATRIX_HEIGHT, _PLOT_HEIGHT = 220, 280


class DiagnosticsView(QWidget):
    """What suits the kind of the task; hidden where nothing does.

    Args:
        color_of: Gives the hue of a run.
    """

    def __init__(self, color_of: Callable[[int], int]) -> None:
        super().__init__()
        self.setObjectName("compare-diagnostics")
        self._color_of = color_of
        self._answers: dict[int, Diagnostics] = {}
        self._cells: list[QWidget] = []
        self.matrices: dict[int, CountMatrix] = {}
        self.difference: DifferenceMatrix | None = None
        self._grid = QGridLayout()
        self._grid.setSpacing(CARD_GAP)
        self.choice = choice_box("compare-class", "Class of the curves")
        self.roc = _plot("compare-roc", "false positive rate", "true positive rate")
        self.reliability = _plot("compare-reliability", "predicted probability", "frequency")
        self.scores = RichLabel()
        self.scores.setWordWrap(True)
        self.scores.setObjectName("compare-class-scores")
        self.curves = QWidget()
        self._bar = QHBoxLayout()
        self._lay_out()
        self.choice.currentIndexChanged.connect(lambda _index: self._show_class())
        VisibleConnection(self, manager().changed, self._show_class)

    def show_answers(self, answers: Mapping[int, Diagnostics], pair: tuple[int, int]) -> None:
        """Show the diagnostics of runs, in their order.

        Args:
            answers: The diagnostics of one task by run.
            pair: The two runs whose difference is shown.
        """
        self._answers = dict(answers)
        self._show_matrices(pair)
        names, current = common_classes(self._answers), self.choice.currentText()
        blocked = self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.addItems(list(names))
        self.choice.setCurrentIndex(names.index(current) if current in names else min(0, len(names) - 1))
        self.choice.blockSignals(blocked)
        self.curves.setVisible(bool(names))
        self._show_class()
        self.setVisible(bool(names or self.matrices))

    def _lay_out(self) -> None:
        self._bar.setSpacing(GAP)
        self._bar.addWidget(self.choice)
        self._bar.addWidget(self.scores, 1)
        plots = QHBoxLayout()
        plots.setSpacing(CARD_GAP)
        for title, plot in (("ROC curve", self.roc), ("Reliability", self.reliability)):
            side = QVBoxLayout()
            side.addWidget(Label(title))
            side.addWidget(plot, 1)
            plots.addLayout(side, 1)
            plot.setFixedHeight(_PLOT_HEIGHT)
        curves = QVBoxLayout(self.curves)
        curves.setContentsMargins(0, 0, 0, 0)
        curves.setSpacing(GAP)
        curves.addLayout(self._bar)
        curves.addLayout(plots)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(CARD_GAP)
        column.addLayout(self._grid)
        column.addWidget(self.curves)

    def _show_matrices(self, pair: tuple[int, int]) -> None:
        for cell in self._cells:
            discard(cell)
        self._cells, self.matrices, self.difference = [], {}, None
        for run, answer in self._answers.items():
            if run in pair:
                self._add_confusion(run, task_of(answer))
        self._add_difference(pair)
        for run, answer in self._answers.items():
            if run not in pair:
                self._add_confusion(run, task_of(answer))

    def _add_confusion(self, run: int, task: TaskDiagnostics) -> None:
        if task.confusion:
            self.matrices[run] = _confusion_matrix(task)
            self._add_cell(f"Confusion of run {run}", self.matrices[run])

    def _add_difference(self, pair: tuple[int, int]) -> None:
        """Add the difference of the confusion of a pair, where both have the same classes."""
        first, second = (self._answers.get(run) for run in pair)
        if first is None or second is None:
            return
        difference = confusion_difference(task_of(first), task_of(second))
        if difference is None:
            return
        names, values = difference.names, difference.values

        def tooltip(row: int, column: int) -> str:
            change = format_relative_change(values[row][column])
            return f"True {names[row]}, predicted {names[column]}: {change} of the true class"

        self.difference = DifferenceMatrix()
        self.difference.setObjectName("compare-confusion-difference")
        self.difference.setAccessibleName("Difference of the confusion matrices")
        self.difference.set_differences(names, values, tooltip)
        self._add_cell(f"Run {pair[1]} minus run {pair[0]}, as shares of the true class", self.difference)

    def _add_cell(self, title: str, matrix: QWidget) -> None:
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addWidget(Label(title))
        column.addWidget(matrix, 1)
        matrix.setFixedHeight(_MATRIX_HEIGHT)
        self._grid.addWidget(cell, len(self._cells) // _COLUMNS, len(self._cells) % _COLUMNS)
        self._cells.append(cell)

    def _show_class(self) -> None:
        name = self.choice.currentText()
        entries = {
            run: entry
            for run, answer in self._answers.items()
            for entry in task_of(answer).classes
            if entry.name == name
        }
        drawn = {run: entry for run, entry in entries.items() if entry.positives and entry.negatives}
        for plot in (self.roc, self.reliability):
            plot.set_empty_text("There are not rows of both classes.")
        self.roc.set_series([_roc(entry, self._color_of(run)) for run, entry in drawn.items()])
        self.reliability.set_series(
            [_reliability(entry, self._color_of(run)) for run, entry in entries.items() if entry.counts]
        )
        self.scores.setText(
            " &nbsp; ".join(_scores(run, entry, resolve(self._color_of(run))) for run, entry in entries.items())
        )


def _confusion_matrix(task: TaskDiagnostics) -> CountMatrix:
    shares = normalize_rows(task.confusion).tolist()

    def tooltip(row: int, column: int) -> str:
        count, share = (
            group_digits(task.confusion[row][column]),
            f"{format_share(shares[row][column], 1)} of the true class",
        )
        return f"True {task.class_names[row]}, predicted {task.class_names[column]}: {count} rows, {share}"

    matrix = CountMatrix()
    matrix.setAccessibleName("Confusion matrix")
    matrix.set_counts(task.class_names, task.confusion, shares, tooltip, show_shares=False)
    return matrix


def _roc(entry: ClassDiagnostics, color: int) -> XYSeries:
    false_rate = np.asarray(entry.false_positives) / entry.negatives
    return XYSeries(false_rate, np.asarray(entry.true_positives) / entry.positives, color=color)


def _reliability(entry: ClassDiagnostics, color: int) -> XYSeries:
    return XYSeries(np.asarray(entry.probability), np.asarray(entry.frequency), color=color, has_dots=True)


def _scores(run: int, entry: ClassDiagnostics, color: str) -> str:
    area, error = entry.auroc.value, entry.calibration_error
    texts = [f"AUC {area:.4f}"] if not math.isnan(area) else []
    texts += [f"calibration error {error:.4f}"] if not math.isnan(error) else []
    words = f"run {run}: {', '.join(texts) or 'no curve'}".replace(" ", "&nbsp;")  # so that lines break between runs
    return f'<span style="color:{color}">■</span>&nbsp;{words}'


def _plot(name: str, x_title: str, y_title: str) -> XYPlot:
    plot = XYPlot(x_title, y_title, diagonal=True)
    plot.setObjectName(name)
    plot.setAccessibleName(f"Curves: {y_title} over {x_title}")
    return plot

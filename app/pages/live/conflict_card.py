"""The card of gradient conflict: heat maps of the tasks' gradients at any step at which they were compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.pages.live.gradient_agreement import (
    MEASURES,
    NORMS,
    agreement_view,
    is_norm,
    is_pair,
    is_share,
    is_summary,
    norms_view,
)
from app.pages.live.step_slider import StepSlider
from app.plots import CurvePlot, LengthMatrix, MatrixPlot, PlotButtons, RunCurves
from app.widgets import Card, CardRow, Muted, choice_box
from mtl_core.protocol.series_names import GradientMeasure

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

_HEIGHT = 320
_SMOOTHING = 0.95


class ConflictCard(Card):
    """Similarity or lengths of the gradients at a step, and the share of conflicts over time; hidden until compared."""

    def __init__(self) -> None:
        super().__init__("Gradient conflict")
        self.setObjectName("live-card-conflict")
        self._tasks: tuple[str, ...] = ()
        self._curves = RunCurves()
        self.choice = choice_box("live-conflict-measure", "What is compared")
        self.choice.addItems([*MEASURES.values(), NORMS])
        self.header.addWidget(self.choice)
        self.matrix, self.norms = MatrixPlot(), LengthMatrix()
        self.matrix.setObjectName("live-conflict-matrix")
        self.norms.setObjectName("live-conflict-norms")
        self.norms.setAccessibleName("Length of each task's gradient by block of the shared layers")
        self.steps = StepSlider("the comparison", "live-conflict")
        self.plot = CurvePlot()
        self.plot.setObjectName("live-plot-conflict")
        self.plot.setAccessibleName("Curve: share of conflicting pairs")
        self.plot.title = "Conflicting pairs"
        self.plot.set_from_zero(True)
        self.plot.set_smoothing(_SMOOTHING)
        self.plot.set_show_raw(False)  # for two tasks it alternates between 0 and 1
        self.words = Muted(wrap=True)
        self.body.addWidget(self.words)
        row = CardRow()
        row.add(self._maps(), 1)
        row.add(_under("Share of conflicting pairs, smoothed", self.plot), 1)
        self.body.addWidget(row, 1)
        self.setMinimumHeight(_HEIGHT)
        self.choice.currentIndexChanged.connect(self._show)
        self.steps.stepChanged.connect(self._show)
        self.clear()

    @property
    def measure(self) -> GradientMeasure | None:
        """The measure shown; None for the lengths."""
        index = self.choice.currentIndex()
        return list(MEASURES)[index] if index < len(MEASURES) else None

    def set_tasks(self, tasks: Sequence[str]) -> None:
        """Set the tasks of the next run, in order."""
        self._tasks = tuple(tasks)

    def clear(self) -> None:
        """Remove the values of the previous run, and hide."""
        self._curves = RunCurves()
        self.steps.clear()
        self.plot.clear()
        self.hide()

    def append(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draw the newest values, unless those of an earlier step are shown."""
        self._curves = curves
        changed = list(changed)
        for key in filter(is_share, changed):
            series = curves.get(key)
            self.plot.set_curve(key, series.steps, series.values, color="warning", label="conflicts, smoothed")
        if any(map(is_pair, changed)):
            self._set_steps()
            self._show()
            self.show()

    def _set_steps(self) -> None:
        """Take the steps of the share of conflicts, which each comparison has; of a pair, in runs without it."""
        keys = self._curves.names()
        key = next(filter(is_share, keys), None) or next(filter(is_pair, keys))
        self.steps.set_steps(self._curves.get(key).steps)

    def _show(self) -> None:
        measure, step = self.measure, self.steps.step
        shown = [key for key in self._curves.names() if is_summary(key) or (is_pair if measure else is_norm)(key)]
        values = self._curves.at(step, shown)
        view = agreement_view(self._tasks, measure or "cosine", values)
        self.set_subtitle(view.subtitle)
        self.plot.setAccessibleDescription(view.subtitle)
        self.plot.set_markers([(step, "step of the comparison shown")] if math.isfinite(step) else ())
        self._stack.setCurrentWidget(self.matrix if measure else self.norms)
        if measure:
            self.words.setText(view.help)
            self.matrix.set_values(self._tasks, view.values)
            self.matrix.setAccessibleName(f"{self.choice.currentText()} of the gradients of each two tasks")
            self.matrix.setAccessibleDescription(view.description)
        else:
            norms = norms_view(self._tasks, values)
            self.words.setText(norms.help)
            self.norms.set_lengths(norms.blocks, self._tasks, norms.values)
            self.norms.setAccessibleDescription(norms.description)

    def _maps(self) -> QWidget:
        maps, tile = QWidget(), QWidget()
        self._stack, column = QStackedLayout(maps), QVBoxLayout(tile)
        self._stack.addWidget(self.matrix)
        self._stack.addWidget(self.norms)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(maps, 1)
        column.addWidget(self.steps)
        return tile


def _under(title: str, plot: CurvePlot) -> QWidget:
    tile = QWidget()
    column = QVBoxLayout(tile)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    label, row = Muted(title), QHBoxLayout()
    row.addWidget(label, 1)
    row.addWidget(PlotButtons(plot, plot.objectName(), label))
    column.addLayout(row)
    column.addWidget(plot, 1)
    return tile

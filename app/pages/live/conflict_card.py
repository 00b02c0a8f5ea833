"""The card of gradient conflict: a heat map of the pairwise similarity of the tasks' gradients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.pages.live.gradient_agreement import MEASURES, agreement_view, is_pair, is_share
from app.plots import CurvePlot, MatrixPlot, PlotButtons, RunCurves
from app.widgets import Card, CardRow, Muted
from mtl_core.protocol.series_names import GradientMeasure

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

_HEIGHT = 280
_SMOOTHING = 0.95


class ConflictCard(Card):
    """The latest similarity matrix and the share of conflicting pairs over time; hidden until there are values."""

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__("Gradient conflict")
        self.setObjectName("live-card-conflict")
        self._tasks = tuple(tasks)
        self._curves = RunCurves()
        self.choice = QComboBox()
        self.choice.setObjectName("live-conflict-measure")
        self.choice.setAccessibleName("What is compared")
        self.choice.addItems(list(MEASURES.values()))
        self.header.addWidget(self.choice)
        self.matrix = MatrixPlot()
        self.matrix.setObjectName("live-conflict-matrix")
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
        row.add(self.matrix, 1)
        row.add(_under("Share of conflicting pairs, smoothed", self.plot), 1)
        self.body.addWidget(row, 1)
        self.setMinimumHeight(_HEIGHT)
        self.choice.currentIndexChanged.connect(self._show)
        self.clear()

    @property
    def measure(self) -> GradientMeasure:
        """The measure shown."""
        return list(MEASURES)[self.choice.currentIndex()]

    def clear(self) -> None:
        """Remove the values of the previous run, and hide."""
        self._curves = RunCurves()
        self.plot.clear()
        self.hide()

    def append(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draw the newest values."""
        self._curves = curves
        changed = list(changed)
        for key in filter(is_share, changed):
            series = curves.get(key)
            self.plot.set_curve(key, series.steps, series.values, color="warning", label="conflicts, smoothed")
        if any(map(is_pair, changed)):
            self._show()
            self.show()

    def _show(self) -> None:
        view = agreement_view(self._tasks, self.measure, self._curves.latest())
        self.set_subtitle(view.subtitle)
        self.words.setText(view.help)
        self.matrix.set_values(self._tasks, view.values)
        self.matrix.setAccessibleName(f"{self.choice.currentText()} of the gradients of each two tasks")
        self.matrix.setAccessibleDescription(view.description)
        self.plot.setAccessibleDescription(view.subtitle)


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

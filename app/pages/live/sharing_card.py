"""The card of learned sharing: a plot per task of its mixing or gating weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.pages.live.curve_legend import CurveLegend
from app.plots import CardGrid, CurvePlot, PlotButtons, RunCurves
from app.theme import GAP
from app.widgets import Card, Dot, Label, choice_box
from mtl_core.protocol.series_names import natural_order, read_learned_name
from mtl_core.spec.sharing.learned_series import LearnedShare

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

_HEIGHT = 240


class SharingCard(Card):
    """Plots the sharing weights at one position of the model, chosen in the header; hidden without values.

    ``plotsMade``: the plots, which most runs do not need, have been made.
    """

    plotsMade = Signal()

    def __init__(self, tasks: Sequence[str]) -> None:
        super().__init__("What the tasks share")
        self.setObjectName("live-card-sharing")
        self._tasks = tuple(tasks)
        self._sources: dict[str, list[str]] = {}
        self.choice = choice_box("live-sharing-place", "Place in the model")
        self.header.addWidget(self.choice)
        self.legend = CurveLegend()
        self.plots: dict[str, CurvePlot] = {}
        self._grid = CardGrid()
        self.body.addWidget(self.legend)
        self.body.addWidget(self._grid, 1)
        self.setMinimumHeight(_HEIGHT)
        self.choice.currentTextChanged.connect(self._redraw)
        self._curves = RunCurves()
        self.clear()

    @property
    def current_place(self) -> str:
        """The selected place in the model; empty before there is one."""
        return self.choice.currentText()

    def clear(self) -> None:
        """Remove the curves of the previous run, and hide."""
        self._sources = {}
        blocked = self.choice.blockSignals(True)
        self.choice.clear()
        self.choice.blockSignals(blocked)
        self.choice.hide()
        self.hide()
        for plot in self.plots.values():
            plot.clear()

    def append(self, curves: RunCurves, changed: Iterable[SeriesKey]) -> None:
        """Draw the changed series of the selected place, and add new places to the list."""
        self._curves = curves
        before = self.current_place, list(self._sources.get(self.current_place, ()))
        mine = sorted((key for key in changed if self._is_mine(key)), key=lambda key: natural_order(key.metric))
        for key in mine:
            if share := read_learned_name(key.metric):
                self._add_source(share)
        if not mine:
            return
        if not self.plots:
            self._make_plots()
        self.show()
        self.choice.setVisible(self.choice.count() > 1)
        if before == (self.current_place, self._sources[self.current_place]):
            self._draw(mine)
        else:
            self._redraw()

    def _is_mine(self, key: SeriesKey) -> bool:
        return key.split == "train" and key.task in self._tasks and read_learned_name(key.metric) is not None

    def _add_source(self, share: LearnedShare) -> None:
        place, source = share.place, share.source
        if place not in self._sources:
            self._sources[place] = []
            blocked = self.choice.blockSignals(True)  # the curves are drawn once all sources are known
            self.choice.addItem(place)
            self.choice.blockSignals(blocked)
        if source not in self._sources[place]:
            self._sources[place].append(source)
            self._sources[place].sort(key=self._order)

    def _order(self, source: str) -> tuple[int, list[str | int]]:
        """Sort key: tasks in their order, then other sources by name and number."""
        if source in self._tasks:
            return self._tasks.index(source), []
        return len(self._tasks), natural_order(source)

    def _redraw(self) -> None:
        """Draw the curves of the selected place instead of the previous ones."""
        for plot in self.plots.values():
            for key in plot.curve_keys():
                plot.remove_curve(key)
            plot.show_all()
        sources = self._sources.get(self.current_place, [])
        self.legend.show_entries([(source, self._color(source)) for source in sources])
        self._draw([key for key in self._curves.names() if self._is_mine(key)])

    def _draw(self, keys: Iterable[SeriesKey]) -> None:
        for key in keys:
            share = read_learned_name(key.metric)
            if share is not None and share.place == self.current_place:
                series, color = self._curves.get(key), self._color(share.source)
                plot = self.plots[key.task]
                plot.set_curve(key, series.steps, series.values, color=color, smoothed=False, label=share.source)

    def _color(self, source: str) -> int:
        """Hue index of a source: that of the task, or one of those not used by tasks."""
        if source in self._tasks:
            return self._tasks.index(source)
        return len(self._tasks) + self._sources[self.current_place].index(source)

    def _make_plots(self) -> None:
        self.plots = {task: self._plot(task) for task in self._tasks}
        self._grid.set_cards(
            [_plot_with_title(task, index, self.plots[task]) for index, task in enumerate(self._tasks)]
        )
        self.plotsMade.emit()

    def _plot(self, task: str) -> CurvePlot:
        plot = CurvePlot()
        plot.setObjectName(f"live-plot-sharing-{task}")
        plot.setAccessibleName(f"Curves: what {task} takes from where")
        plot.title = f"Sources of {task}"
        plot.set_from_zero(True)
        return plot


def _plot_with_title(task: str, index: int, plot: CurvePlot) -> QWidget:
    tile = QWidget()
    column = QVBoxLayout(tile)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    row = QHBoxLayout()
    row.setSpacing(GAP)
    row.addWidget(Dot(index))
    title = Label(task)
    row.addWidget(title, 1)
    row.addWidget(PlotButtons(plot, plot.objectName(), title))
    column.addLayout(row)
    column.addWidget(plot, 1)
    return tile

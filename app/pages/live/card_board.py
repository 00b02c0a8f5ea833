"""The cards of one run: losses above, weights and metrics below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.forms import discard
from app.pages.live.conflict_card import ConflictCard
from app.pages.live.curve_cards import TOTAL_COLOR, LossCard, MetricCard, WeightTrajectories, set_axes
from app.pages.live.event_log import LogCard
from app.pages.live.run_view import LiveView
from app.pages.live.sharing_card import SharingCard
from app.pages.live.weights_card import ManualWeightsCard
from app.plots import CardGrid, Clock, CurvePlot, PlotOptions, RunCurves, x_axis
from app.theme import CARD_GAP
from app.widgets import Card, CardRow, scroll_area
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, Points, RunRecord, SeriesKey


class CardBoard(QWidget):
    """A card per task, and one for the total of several; trajectories, sliders, validation metrics and the log below.

    Args:
        tasks: The tasks to expect; a run of other tasks costs new cards.
    """

    weightsWanted = Signal(object)

    def __init__(self, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self.curves = RunCurves()
        self._tasks: tuple[str, ...] = ()
        self._grid = CardGrid()
        self._middle, self._lower = CardRow(), CardRow()
        self._page, self._below = QWidget(), QWidget()
        rows, column, outer = QVBoxLayout(self._page), QVBoxLayout(), QVBoxLayout(self)
        self._more = QVBoxLayout(self._below)
        for layout in (rows, self._more, column, outer):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(CARD_GAP)
        for row, stretch in ((self._grid, 6), (self._middle, 5), (self._lower, 5)):
            rows.addWidget(row, stretch)
        column.addWidget(self._page, 1)
        column.addWidget(self._below)
        self._area = scroll_area(column)
        outer.addWidget(self._area)
        self._make(tasks)

    def begin(self, tasks: Sequence[str]) -> None:
        """Show a run of these tasks of which nothing is known yet; cards are made anew only for other tasks."""
        self.curves = RunCurves()
        if tuple(tasks) != self._tasks:
            self._make(tasks)
        for card in (*self.losses.values(), self.weights, self.metrics):
            card.clear()
        for other in (self.control, self.sharing, self.conflict):
            other.clear()
        self._hold_page()
        self.log.show_lines(())

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that there are cards for."""
        return self._tasks

    def take(self, points: Mapping[SeriesKey, Points], *, reset: bool) -> None:
        """Adds points to the curves; ``reset`` says they replace all there were."""
        changed = self.curves.take(points, reset=reset)
        for card in (*self.losses.values(), self.weights):
            card.draw(self.curves, changed)
        self.sharing.take(self.curves, changed)
        self.conflict.take(self.curves, changed)
        self._hold_page()
        metric = self.metrics.shows
        self.metrics.offer(self.curves.names())
        if metric == self.metrics.shows:
            self.metrics.draw(self.curves, changed)
        self.metrics.show_latest(self.curves)

    def show_view(self, view: LiveView) -> None:
        """Brings headers, markers, sliders and the log up to date."""
        for task, card in self.losses.items():
            card.set_subtitle(view.headers.get(task, ""))
        self.weights.set_subtitle(view.weights_header)
        self.control.show_control(view.control)
        self.log.show_lines(view.log)
        for plot in (*(card.plot for card in self.losses.values()), self.weights.plot, self.metrics.plot):
            plot.set_markers(view.markers)

    def draw_options(self, options: PlotOptions, run: RunRecord, events: Sequence[EventRecord]) -> None:
        """Draws the curves as chosen in the header."""
        options.apply(card.plot for card in self.losses.values())
        until = 0.0 if run.ended or run.progress is None else float(run.progress.steps)
        clock = Clock(run.started)
        if options.axis == "time":
            clock.take(events)
        axis = x_axis(options.axis, run, clock)
        options.show_unit(axis.label)
        set_axes(self._plots(), axis, until)

    def _make(self, tasks: Sequence[str]) -> None:
        self._tasks = tuple(tasks)
        self.losses = {task: LossCard(task, index) for index, task in enumerate(tasks)}
        if len(tasks) != 1:  # the total of one task repeats it
            self.losses[TOTAL] = LossCard(TOTAL, TOTAL_COLOR)
        self.weights, self.control = WeightTrajectories(tasks), ManualWeightsCard(tasks)
        self.metrics, self.log, self.sharing = MetricCard(tasks), LogCard(), SharingCard(tasks)
        self.conflict = ConflictCard(tasks)
        self.control.wanted.connect(self.weightsWanted)
        self.metrics.chosen.connect(self._choose_metric)
        self._grid.set_cards(list(self.losses.values()))
        for row, left, right in ((self._middle, self.weights, self.control), (self._lower, self.metrics, self.log)):
            row.clear()
            row.add(left, 11)
            row.add(right, 9)
        for card in self._below.findChildren(Card):
            discard(card)
        self._more.addWidget(self.conflict)
        self._more.addWidget(self.sharing)

    def _hold_page(self) -> None:
        """The other cards keep the height they have without those below, which one scrolls to."""
        shown = not (self.sharing.isHidden() and self.conflict.isHidden())
        self._below.setVisible(shown)
        least = max(self._area.viewport().height(), self._page.minimumSizeHint().height())
        self._page.setMinimumHeight(least if shown else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keeps the cards to the height there is."""
        super().resizeEvent(event)
        self._hold_page()

    def _choose_metric(self) -> None:
        self.metrics.offer(self.curves.names())
        self.metrics.redraw(self.curves)

    def _plots(self) -> Iterator[CurvePlot]:
        for card in (*self.losses.values(), self.weights, self.metrics):
            yield card.plot
        yield self.conflict.plot
        yield from self.sharing.plots.values()

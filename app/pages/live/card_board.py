"""The cards of one run: losses above, weights and metrics below, then time, memory and gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.forms import discard
from app.pages.live.conflict_card import ConflictCard
from app.pages.live.curve_cards import TOTAL_COLOR, LossCard, MetricCard, WeightTrajectories, set_axes
from app.pages.live.event_log import LogCard
from app.pages.live.manual_weights_card import ManualWeightsCard
from app.pages.live.resource_cards import LEAST_WIDTH, resource_cards
from app.pages.live.run_view import LiveView
from app.pages.live.sharing_card import SharingCard
from app.plots import CardGrid, CurvePlot, PlotOptions, PlotTools, RunCurves, TrainingClock, epoch_steps, x_axis
from app.theme import CARD_GAP
from app.widgets import Card, CardRow, hidden_while_filled, scroll_area
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, Points, RunRecord, SeriesKey

_Card = TypeVar("_Card", bound=Card)


class CardBoard(QWidget):
    """A loss card per task and for the total; below, loss weights, sliders, validation metrics, the log and resources.

    ``plotsMade``: there are plots to which the options have not been applied.

    Args:
        tools: The tools of the page's plots.
        tasks: The expected tasks; for a run with other tasks the cards are made anew. Without them the caller takes
            the steps of :meth:`make_cards`.
    """

    weightsRequested = Signal(object)
    plotsMade = Signal()

    def __init__(self, tools: PlotTools, tasks: Sequence[str] | None = None) -> None:
        super().__init__()
        self._tools = tools
        self.curves = RunCurves()
        self._tasks: tuple[str, ...] | None = None
        self._new_cards: list[Card] = []
        self._grid = CardGrid(tools.layout)
        self._weights_row, self._metrics_row = CardRow(), CardRow()
        self.conflict = ConflictCard()
        self.resources, self._resource_grid = resource_cards(), CardGrid(least_width=LEAST_WIDTH)
        self._main_rows, self._extra_cards = QWidget(), QWidget()
        rows, column, outer = QVBoxLayout(self._main_rows), QVBoxLayout(), QVBoxLayout(self)
        self._extra_layout = QVBoxLayout(self._extra_cards)
        for layout in (rows, self._extra_layout, column, outer):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(CARD_GAP)
        outer.addWidget(scroll_area(column))
        for row, stretch in ((self._grid, 6), (self._weights_row, 5), (self._metrics_row, 5)):
            rows.addWidget(row, stretch)
        column.addWidget(self._main_rows, 1)
        column.addWidget(self._resource_grid)
        column.addWidget(self._extra_cards)
        self._resource_grid.set_cards(self.resources)
        self._extra_layout.addWidget(self.conflict)
        self._main_rows.installEventFilter(self)
        if tasks is not None:
            self._make_all_cards(tasks)
        for plot in (*(resource.plot for resource in self.resources), self.conflict.plot):
            tools.add(plot, plot.title)

    def reset(self, tasks: Sequence[str]) -> None:
        """Clear the cards for another run; they are made anew only if its tasks differ."""
        self._make_all_cards(tasks)
        self.clear()

    def clear(self) -> None:
        """Clear the cards."""
        self.curves = RunCurves()
        for card in (*self.losses.values(), self.weights, self.metrics, *self.resources):
            card.clear()
        for other in (self.control, self.sharing, self.conflict):
            other.clear()
        self._fix_page_height()
        self.log.show_lines(())

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that have cards."""
        return self._tasks or ()

    def append(self, points: Mapping[SeriesKey, Points], *, reset: bool) -> None:
        """Add points to the curves; with ``reset`` they replace all previous points."""
        changed = self.curves.append(points, reset=reset)
        for card in (*self.losses.values(), self.weights, *self.resources):
            card.draw(self.curves, changed)
        for resource in self.resources:
            resource.show_latest(self.curves)
        self.sharing.append(self.curves, changed)
        self.conflict.append(self.curves, changed)
        self._fix_page_height()
        metric = self.metrics.current_metric
        self.metrics.add_metrics(self.curves.names())
        if metric == self.metrics.current_metric:
            self.metrics.draw(self.curves, changed)
        self.metrics.show_latest(self.curves)

    def show_view(self, view: LiveView) -> None:
        """Update headers, markers, sliders and the log."""
        for task, card in self.losses.items():
            card.set_subtitle(view.headers.get(task, ""))
        self.weights.set_subtitle(view.weights_header)
        self.control.show_control(view.control)
        self.log.show_lines(view.log)
        for plot in (*(card.plot for card in self.losses.values()), self.weights.plot, self.metrics.plot):
            plot.set_markers(view.markers)

    def draw_options(
        self, options: PlotOptions, run: RunRecord, events: Sequence[EventRecord], batch_size: int = 0
    ) -> None:
        """Apply the drawing options of the header; ``batch_size`` is 0 while the experiment is being read."""
        losses = [card.plot for card in self.losses.values()]
        options.apply(losses)
        for plot in losses:
            plot.set_epoch_steps(epoch_steps(run))
        until = 0.0 if run.has_ended or run.progress is None else float(run.progress.steps)
        clock = TrainingClock(run.started)
        if options.axis == "time":
            clock.add_events(events)
        axis = x_axis(options.axis, run, clock, batch_size)
        options.show_unit(axis.label)
        for resource in self.resources:
            resource.show_reason(self.curves, has_ended=run.has_ended)
        set_axes(self._plots(), axis, until, log=options.log_x)

    def make_cards(self, tasks: Sequence[str]) -> Iterator[None]:
        """Make the cards of a run in steps, unless it has the tasks of the cards; these stay until the last step."""
        for card in self._new_cards:  # of steps that were not taken to their end
            discard(card)
        self._new_cards = []
        if tuple(tasks) == self._tasks:
            return
        colors: dict[str, int | str] = {task: index for index, task in enumerate(tasks)}
        if len(tasks) != 1:  # the total of one task is the same curve
            colors[TOTAL] = TOTAL_COLOR
        losses: dict[str, LossCard] = {}
        for task, color in colors.items():
            losses[task] = self._prepared(LossCard(task, color), self._grid)
            yield
        weights = self._prepared(WeightTrajectories(tasks), self._weights_row)
        control = self._prepared(ManualWeightsCard(tasks), self._weights_row)
        yield
        metrics = self._prepared(MetricCard(tasks), self._metrics_row)
        log = self._prepared(LogCard(), self._metrics_row)
        sharing = self._prepared(SharingCard(tasks), self._extra_cards)
        yield
        self._new_cards = []
        for card in self._extra_cards.findChildren(SharingCard):
            if card is not sharing:
                discard(card)
        self._tasks, self.losses, self.weights, self.control = tuple(tasks), losses, weights, control
        self.metrics, self.log, self.sharing = metrics, log, sharing
        self._place_cards()

    def _prepared(self, card: _Card, parent: QWidget) -> _Card:
        """Do what a card costs when it gets its place and is shown."""
        card.setParent(parent)
        card.ensurePolished()
        for widget in card.findChildren(QWidget):
            widget.ensurePolished()
        self._new_cards.append(card)
        return card

    def _make_all_cards(self, tasks: Sequence[str]) -> None:
        for _ in self.make_cards(tasks):
            pass

    def _place_cards(self) -> None:
        self.conflict.set_tasks(self.tasks)
        self.control.weightsRequested.connect(self.weightsRequested)
        self.metrics.metricChanged.connect(self._choose_metric)
        self.sharing.plotsMade.connect(self._add_sharing_plots)
        self._extra_layout.addWidget(self.sharing)
        with hidden_while_filled(self._main_rows):
            self._grid.set_cards(list(self.losses.values()))
            for row, left, right in (
                (self._weights_row, self.weights, self.control),
                (self._metrics_row, self.metrics, self.log),
            ):
                row.clear()
                for card, stretch in ((left, 11), (right, 9)):
                    row.add(card, stretch)
                    card.show()
            self._fix_page_height()
        for shown in (*self.losses.values(), self.weights, self.metrics):
            self._tools.add(shown.plot, shown.plot.title)

    def _add_sharing_plots(self) -> None:
        for plot in self.sharing.plots.values():
            self._tools.add(plot, plot.title)
        self.plotsMade.emit()

    def _fix_page_height(self) -> None:
        """Let the main cards fill the page; the cards below are scrolled to."""
        if self._tasks is None:
            return
        self._extra_cards.setVisible(not (self.sharing.isHidden() and self.conflict.isHidden()))
        least = max(self.height(), self._main_rows.minimumSizeHint().height())
        self._main_rows.setMinimumHeight(least)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the cards to the available height."""
        super().resizeEvent(event)
        self._fix_page_height()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Fit the main cards anew when they have been arranged in other columns, which changes their least height."""
        if watched is self._main_rows and event.type() == QEvent.Type.LayoutRequest:
            self._fix_page_height()
        return super().eventFilter(watched, event)

    def _choose_metric(self) -> None:
        self.metrics.add_metrics(self.curves.names())
        self.metrics.redraw(self.curves)

    def _plots(self) -> Iterator[CurvePlot]:
        for card in (*self.losses.values(), self.weights, self.metrics, *self.resources):
            yield card.plot
        yield self.conflict.plot
        yield from self.sharing.plots.values()

"""The Live page: curves, loss weights and events of a run as they are recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.forking import StepMenu
from app.navigation import Page
from app.pages.live.card_board import CardBoard
from app.pages.live.run_view import Notice, live_view, notice, stabilized_settings
from app.pages.live.status_strip import NoticeStrip
from app.pages.live.validation_view import ValidationView
from app.plots import RAW, TRAIN, VALIDATION, WEIGHTS_CHANGED, CurvePlot, Legend, PlotOptions, PlotTools
from app.tables import RunPicker
from app.task_references import task_names
from app.theme import CARD_GAP, PAGE_MARGIN
from app.widgets import Chip, DangerButton, EmptyState, PageHeader, StepQueue, Stepwise, ToolButton

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.spec import ExperimentSpec
    from mtl_core.store import EventRecord, Points, RunRecord, RunStore, SeriesKey

_VIEWS = {
    "Curves": "Losses, metrics and loss weights over the steps",
    "Last validation": "Confusion, curves, residuals and sample predictions of the last validation",
}
_NOTE_REACH = 0.02
"""Distance from a note, as a share of the steps done, at which the menu of a plot offers to change it."""
_END = object()
_EMPTY_FACE, _RUN_FACE, _BLANK_FACE = range(3)


class LivePage(Stepwise, QWidget):
    """Follows the session's live run, or a run chosen from the list.

    Args:
        session: What the pages share.
        parent: Owner.
        stepwise: Whether the caller takes the steps of building it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None, *, stepwise: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("LivePage")
        self._session = session
        self._run: RunRecord | None = None
        self._spec: ExperimentSpec | None = None
        self._events: list[EventRecord] = []
        self._run_id: int | None = None
        self._steps = StepQueue(self)
        self.follower = session.follower(self)
        self.options = PlotOptions("live", session.settings, self)
        self.picker = RunPicker(session.store, "live")
        self.state = Chip()
        self.legend = Legend([TRAIN, RAW, VALIDATION, WEIGHTS_CHANGED])
        self.strip = NoticeStrip(self.legend)
        self.tools = PlotTools("live", session.settings, self)
        self.view = QTabBar()
        self._step_menu = StepMenu(session, self, self._read_events)
        self.begin(stepwise=stepwise)

    @property
    def run(self) -> int | None:
        """The run being shown."""
        return self._run_id

    def show_run(self, run: int) -> None:
        """Follow another run from its beginning."""
        if run == self._run_id:
            return
        self.board.control.flush()
        self._run_id = run
        self._run, self._spec, self._events = None, None, []
        self.tools.clear()
        self.board.clear()
        self.validation.show_run(run)
        self.picker.set_text(f"Run {run}", "")
        self.state.set_text("")
        self._show_buttons()  # none until the state of this run is known
        self.evaluate.hide()
        self.strip.show_notice(Notice(""))
        self.follower.follow(None)
        follow = partial(self._follow, run)
        self._session.store.call(lambda store: store.run(run).tasks, partial(self._make_cards, run), follow)
        self._session.store.call(lambda store: (run, store.spec(run)), self._on_spec)

    def _make_cards(self, run: int, tasks: Sequence[str]) -> None:
        """Make the cards of a run between events, then follow it."""
        if run == self._run_id:
            self._steps.put("cards", partial(self._make_next_card, run, self.board.make_cards(tasks)))

    def _make_next_card(self, run: int, steps: Iterator[None]) -> None:
        if next(steps, _END) is None:
            self._steps.put("cards", partial(self._make_next_card, run, steps))
        else:
            self._follow(run)

    def _follow(self, run: int, _error: object = None) -> None:
        if run == self._run_id:
            self.follower.follow(run)

    # -- building --

    def _build(self) -> Iterator[None]:
        self._add_header_and_views()
        yield
        self.board = CardBoard(self.tools)
        self._views.addWidget(self.tools.stage(self.board, self._views))
        yield
        yield from self.board.make_cards(task_names(self._session.document.data))  # of the next run, most likely
        yield
        self.validation = ValidationView(self._session)
        self._views.addWidget(self.validation)
        self._connect()

    def _add_header_and_views(self) -> None:
        header = PageHeader("Live")
        header.add_chip(self.picker)
        header.add_chip(self.state)
        self.pause = ToolButton("pause", "Pause this run", self._pause, text="Pause", name="live-pause")
        self.resume = ToolButton("play", "Resume this run", self._resume, text="Resume", name="live-resume")
        self.evaluate = ToolButton(
            "target", "Evaluate the predictions of this run", self._evaluate, text="Evaluate", name="live-evaluate"
        )
        self.stop = DangerButton("Stop", self._stop, icon_name="stop", name="live-stop")
        self.stop.setToolTip("Stop this run and keep what it has")
        self.view.setObjectName("live-view")
        self.view.setAccessibleName("What is shown of the run")
        self.view.setProperty("role", "header")  # which is lower than a bar of tabs elsewhere
        self.view.setExpanding(False)
        self.view.setDrawBase(False)
        for name, tooltip in _VIEWS.items():
            self.view.setTabToolTip(self.view.addTab(name), tooltip)
        run_buttons = (self.pause, self.resume, self.stop, self.evaluate)
        for widget in (*run_buttons, *self.options.buttons(), self.tools.values_button):
            header.add_action(widget)
        for button in run_buttons:
            button.hide()
        self._empty = EmptyState(
            "chart-line",
            "No run yet",
            "Losses, metrics and loss weights are drawn here as they come.",
            "Run the open experiment",
            self._run_document,
        )
        self._empty.setObjectName("live-empty")
        filled = QWidget()
        self._stack = QStackedLayout(self)
        for face in (self._empty, filled, QWidget()):
            self._stack.addWidget(face)
        self._stack.setCurrentIndex(_BLANK_FACE)  # until the store has said whether there are runs
        column = QVBoxLayout(filled)
        column.setContentsMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(header)
        row = QHBoxLayout()
        row.setSpacing(CARD_GAP)
        row.addWidget(self.view, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.strip, 1)
        column.addLayout(row)
        self._views = QStackedWidget()
        column.addWidget(self._views, 1)
        column.addWidget(self.tools.table)

    def _connect(self) -> None:
        self.follower.record.connect(self._on_record)
        self.follower.points.connect(self._on_points)
        self.follower.events.connect(self._on_events)
        self.follower.delivered.connect(self._show)
        self.follower.failed.connect(self._on_read_error)
        self._session.records.changed.connect(self._show_progress)
        self.options.changed.connect(self._draw_options)
        self.tools.exported.connect(self._session.show_message)
        self.tools.failed.connect(self._session.show_error)
        self.tools.menuExtended.connect(self._extend_menu)
        self.picker.runPicked.connect(self._session.show_live)
        self.strip.actionTriggered.connect(self._on_notice_action)
        self.board.weightsRequested.connect(self._set_weights)
        self.board.plotsMade.connect(self._draw_options)
        self.view.currentChanged.connect(self._show_view)
        self.follower.delivered.connect(self.validation.refresh)
        self._session.liveRunChanged.connect(self.show_run)
        self._session.queue.activeChanged.connect(self._show)
        if self._session.live_run is not None:
            self.show_run(self._session.live_run)
        else:
            self._session.store.call(_newest, self._on_newest_run, lambda _error: self._on_newest_run(None))

    # -- results from the store --

    def _on_newest_run(self, run: int | None) -> None:
        """Show the newest run, unless another one has been chosen meanwhile."""
        if self._run_id is None and run is not None:
            self.show_run(run)
        elif self._run_id is None:
            self._stack.setCurrentIndex(_EMPTY_FACE)

    def _on_spec(self, run_and_spec: tuple[int, ExperimentSpec]) -> None:
        if run_and_spec[0] == self._run_id:
            self._spec = run_and_spec[1]
            if self._run is not None:
                self.validation.set_record(self._run, self._spec)
            self._show()
            self._draw_options()

    def _on_record(self, record: RunRecord) -> None:
        if self._run is None:
            self.board.reset(record.tasks)
            self._stack.setCurrentIndex(_RUN_FACE)
        self._run = record
        self.validation.set_record(record, self._spec)
        self._draw_options()

    def _on_points(self, points: Mapping[SeriesKey, Points], reset: bool) -> None:
        self.board.append(points, reset=reset)

    def _on_events(self, events: list[EventRecord]) -> None:
        newest = self._events[-1].id if self._events else 0
        self._events += [event for event in events if event.id > newest]
        self._draw_options()

    def _read_events(self, run: int) -> None:
        """Read all events again, as a note may be another one or gone."""
        self._session.store.call(lambda store: (run, store.events(run)), self._on_all_events, lane="live")

    def _on_all_events(self, run_and_events: tuple[int, list[EventRecord]]) -> None:
        if run_and_events[0] == self._run_id:
            self._events = run_and_events[1]
            self._show()

    def _show(self) -> None:
        """Update everything but the curves."""
        if self._run is None:
            return
        view = live_view(self._with_newest_progress(self._run), self._spec, self._events, self.board.curves.latest())
        self.picker.set_text(view.chip, self._run.name)
        self.state.set_text(view.state.capitalize())
        self.state.set_tone(view.tone)
        # The top bar controls the active run; the buttons here are for other runs.
        controlled = self._session.controlled_run
        if controlled is None or controlled.id != self._run.id:
            self._show_buttons(pause=view.can_pause, resume=view.can_resume, stop=view.can_stop)
        else:
            self._show_buttons()
        self.evaluate.setVisible(self._run.state in ("finished", "stopped"))
        waits = self._run.state == "queued"
        self.stop.setText("Remove from the queue" if waits else "Stop")
        self.stop.setToolTip("Let this run not start" if waits else "Stop this run and keep what it has")
        self.strip.show_notice(view.notice)
        self.board.show_view(view)

    def _show_buttons(self, *, pause: bool = False, resume: bool = False, stop: bool = False) -> None:
        if any(button.hasFocus() for button in (self.pause, self.resume, self.stop)):
            self.setFocus(Qt.FocusReason.OtherFocusReason)  # else hiding it hands the focus to its neighbor
        self.pause.setVisible(pause)
        self.resume.setVisible(resume)
        self.stop.setVisible(stop)

    def _show_progress(self, run: int) -> None:
        """Show the progress that another reader has read, so that strip and status line agree."""
        if self._run is not None and run == self._run.id:
            now = self._with_newest_progress(self._run)
            self.strip.show_notice(notice(now, self._spec, self._events, self.board.curves.latest()))

    def _with_newest_progress(self, run: RunRecord) -> RunRecord:
        newest = self._session.records.newest(run)
        return replace(run, progress=newest.progress) if newest.state == run.state else run

    def _on_read_error(self, error: Exception) -> None:
        self.strip.show_notice(Notice(f"Run {self._run_id} cannot be read: {error}", "error"))

    def _draw_options(self) -> None:
        if self._run is not None:
            batch_size = 0 if self._spec is None else self._spec.training.batch_size
            self.board.draw_options(self.options, self._run, self._events, batch_size)

    # -- user actions --

    def _show_view(self, index: int) -> None:
        """Show the curves, or the last validation, which needs no tools of plots."""
        self._views.setCurrentIndex(index)
        for widget in (*self.options.buttons(), self.tools.values_button, self.legend):
            widget.setVisible(index == 0)
        self.tools.table.setVisible(index == 0 and self.tools.values_button.isChecked())

    def _extend_menu(self, plot: CurvePlot, menu: QMenu) -> None:
        """Add to the menu of a plot what can be done at the step under the cursor."""
        if self._run is not None:
            point, progress = plot.menu_point, self._with_newest_progress(self._run).progress
            reach = _NOTE_REACH * progress.step if progress else 0.0
            step = None if point is None else point.step
            self._step_menu.extend(menu, self._run, step, events=self._events, reach=reach)

    def _run_document(self) -> None:
        """Run the open experiment, or show the page of its settings if it has a problem."""
        if not self._session.run():
            self._session.show_error("The experiment has a problem. Fix it, then run it.")
            self._session.open_page(Page.TRAINING)

    def _pause(self) -> None:
        if self._run is not None:
            self._session.queue.pause(self._run.id)

    def _resume(self) -> None:
        if self._run is None:
            return
        if self._run.state == "paused":
            self._session.queue.resume(self._run.id)
        else:
            self._session.queue.resume_run(self._run.id)

    def _stop(self) -> None:
        if self._run is not None:
            self._session.queue.stop(self._run.id)

    def _evaluate(self) -> None:
        if self._run is not None:
            self._session.evaluate(self._run.id)
            self._session.open_page(Page.EVALUATE)

    def _set_weights(self, weights: dict[str, float] | None) -> None:
        if self._run is not None:
            self._session.queue.set_weights(self._run.id, weights)

    def _on_notice_action(self, action: str) -> None:
        match action:
            case "compare" if self._run is not None:
                self._session.compare([*self._session.compared, self._run.id])
                self._session.open_page(Page.COMPARE)
            case "soften" if self._spec is not None:
                self._session.edit_spec(self._spec, stabilized_settings(self._spec), "Halve the learning rate and clip")
            case "training":
                self._session.open_page(Page.TRAINING)

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Poll quickly while visible."""
        super().showEvent(event)
        self.follower.set_visible(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Poll slowly while hidden."""
        super().hideEvent(event)
        self.follower.set_visible(False)


def _newest(store: RunStore) -> int | None:
    runs = store.runs()
    return runs[0].id if runs else None

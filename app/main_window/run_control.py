"""Start, pause and stop runs from the window, and show messages about them."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.main_window import run_messages
from app.main_window.actions import Actions, set_tooltip
from app.main_window.bars.status_line import StatusLine
from app.main_window.bars.toasts import Toasts
from app.main_window.problem_message import problem_message
from app.navigation import Page, page_of_setting
from app.session import Session
from app.widgets import Banner
from mtl_core.errors import WorkbenchError

if TYPE_CHECKING:
    from mtl_core.spec import Problem
    from mtl_core.store import RunRecord, RunStore


class RunControl(QObject):
    """Connects the window's actions Run, Pause and Stop with the session's queue.

    Args:
        session: Holds document and queue.
        actions: Run, Pause and Stop; their texts follow the state of the queue.
        status: Shows the active run.
        toasts: Shows messages about runs.
        open_page: Shows a page of the window.
        parent: Owner.
    """

    def __init__(
        self,
        session: Session,
        actions: Actions,
        *,
        status: StatusLine,
        toasts: Toasts,
        open_page: Callable[[Page], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._actions, self._status, self._toasts = session, actions, status, toasts
        self._open_page = open_page
        self._interrupted: list[RunRecord] = []
        self._interruption_messages: dict[int, str] = {}
        self._refusal = ""
        self._queued: tuple[str, frozenset[int]] = ("", frozenset())
        self._interruption_timer = QTimer(self, singleShot=True, interval=0)
        self._interruption_timer.timeout.connect(self._show_interruptions)
        session.queue.runChanged.connect(self._run_changed)
        session.queue.queued.connect(self._show_queued)
        session.queue.repeated.connect(lambda runs: toasts.show_message(run_messages.repeated_start_message(runs)))
        session.queue.activeChanged.connect(self.show_active)
        session.liveRunChanged.connect(lambda _run: self.show_active())
        session.records.changed.connect(self._record_changed)
        session.studyRequested.connect(self.start_study)
        session.foldStudyRequested.connect(self.start_fold_study)
        session.methodsRequested.connect(self.start_methods)
        session.study_progress.changed.connect(lambda _study: self.show_active())
        session.document.changed.connect(lambda _paths: self._withdraw_refusal())

    def start(self) -> None:
        """Run the document's experiment, or show the problem that prevents it."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run(self._cannot_run):
            self._open_page(Page.LIVE)

    def start_study(self, seeds: list[int], baselines: bool, together: bool) -> None:
        """Run the document's experiment once per seed, optionally with single-task baselines and in one loop."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run_study(seeds, baselines=baselines, together=together, refused=self._cannot_run):
            self._open_page(Page.LIVE)

    def start_fold_study(self, baselines: bool) -> None:
        """Run the document's experiment once per fold, optionally with single-task baselines."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run_fold_study(baselines=baselines, refused=self._cannot_run):
            self._open_page(Page.LIVE)

    def start_methods(self, methods: list[str], seeds: list[int], baselines: bool) -> None:
        """Run the document's experiment with several weighting methods and seeds, as one study."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run_methods(methods, seeds, baselines=baselines, refused=self._cannot_run):
            self._open_page(Page.LIVE)

    def toggle_pause(self) -> None:
        """Pause or resume the run that :attr:`Session.controlled_run` names."""
        record = self._session.controlled_run
        if record is not None:
            toggle = self._session.queue.resume if record.state == "paused" else self._session.queue.pause
            toggle(record.id)

    def stop(self) -> None:
        """Stop that run, keeping its results so far, or remove it from the queue."""
        record = self._session.controlled_run
        if record is None:
            return
        run, queue = record.id, self._session.queue
        queue.stop(run)
        if record.state != "queued":
            self._toasts.show_message(_stop_message(run), "End its process", lambda: queue.kill(run))

    def show_active(self) -> None:
        """Show the active run, and update the actions that apply to it."""
        queue, actions = self._session.queue, self._actions
        self._show_progress()
        self._status.show_waiting(len(queue.waiting_runs), self._study_text())
        record = self._session.controlled_run
        actions.stop.setEnabled(record is not None)
        actions.pause.setEnabled(record is not None and record.is_live)
        for action, (label, text) in (
            (actions.pause, run_messages.pause_texts(record)),
            (actions.stop, run_messages.stop_texts(record)),
        ):
            action.setIconText(label)
            set_tooltip(action, text)
        set_tooltip(
            actions.run,
            "Queue this experiment behind the run that trains" if queue.local_runs else "Run this experiment",
        )

    def _show_progress(self) -> None:
        active = self._session.queue.active
        self._status.show_run(None if active is None else self._session.records.newest(active))

    def _study_text(self) -> str:
        """How far the study of the active run is."""
        active = self._session.queue.active
        study = active.study if active is not None else None
        state = None if study is None else self._session.study_progress.state(study)
        return "" if state is None else run_messages.study_progress_text(state)

    def _record_changed(self, run: int) -> None:
        active = self._session.queue.active
        if active is not None and active.id == run:
            self._show_progress()

    def _refuse(self, problems: "Sequence[Problem]") -> None:
        """Show why the experiment cannot run, on the page where that setting is edited."""
        self._open_page(page_of_setting(problems[0].path))
        self._withdraw_refusal()
        self._refusal = problem_message(problems)
        self._toasts.show_error(self._refusal)

    def _withdraw_refusal(self) -> None:
        """Remove the message that the experiment cannot run."""
        if self._refusal:
            self._toasts.withdraw(self._refusal)
            self._refusal = ""

    def _cannot_run(self, error: Exception) -> None:
        if isinstance(error, WorkbenchError):
            self._refuse(error.problems)
        else:
            self._session.show_error(error)

    def _show_queued(self, runs: list[int]) -> None:
        """Show that the new runs are queued, and behind how many."""
        queue = self._session.queue
        before = len(set(queue.waiting_runs) - set(runs)) + len(queue.local_runs)
        self._withdraw_queued()
        text = run_messages.queued_message(runs, before)
        self._queued = (text, frozenset(runs))
        self._toasts.show_message(text, "Show", lambda: self._open_page(Page.RUNS))

    def _withdraw_queued(self) -> None:
        """Remove the message that runs are queued."""
        text, _runs = self._queued
        self._queued = ("", frozenset())
        self._toasts.withdraw(text)

    def _run_changed(self, record: "RunRecord") -> None:
        if record.has_ended:
            self._toasts.withdraw(_stop_message(record.id))
        if record.state != "queued" and record.id in self._queued[1]:
            self._withdraw_queued()
        if record.state == "interrupted":
            self._interrupted.append(record)  # shown together with the other runs of the same process
            self._interruption_timer.start()
        elif record.has_ended:
            show = self._toasts.show_error if record.state == "failed" else self._toasts.show_message
            show(run_messages.ended_message(record))
        elif text := self._interruption_messages.pop(record.id, ""):
            self._toasts.withdraw(text)  # it was resumed
        if record.has_ended and record.study is not None and self._session.queue.is_study_over(record.study):
            self._show_study_result(record.study)
        self.show_active()

    def _show_interruptions(self) -> None:
        interrupted, self._interrupted = self._interrupted, []
        for cause in dict.fromkeys(record.error for record in interrupted):
            records = [record for record in interrupted if record.error == cause]
            runs, text = [record.id for record in records], run_messages.interrupted_message(records)
            self._toasts.show_error(text, {"Resume": partial(self._resume, runs)})
            self._interruption_messages |= dict.fromkeys(runs, text)

    def _resume(self, runs: "Sequence[int]", message: Banner) -> None:
        message.dismiss()
        for run in runs:
            self._session.queue.resume_run(run)
        self._open_page(Page.LIVE)

    def _show_study_result(self, study: int) -> None:
        """Show the result of a study whose last run has ended."""

        def read(store: "RunStore") -> tuple[str, bool]:
            from mtl_core.analysis.comparison import read_comparison
            from mtl_core.analysis.studies import read_study
            from mtl_core.report.tables import best_sentences

            result = read_study(store, study)
            if result is None or len(result.runs) < 2:
                return "", False
            if len(result.results) < 2:
                return run_messages.study_message(result), False
            comparison = read_comparison(store, [run.id for run in result.runs])
            return run_messages.methods_message(result, best_sentences(comparison)), True

        def show(message: tuple[str, bool]) -> None:
            text, of_methods = message
            if of_methods:  # trained for hours, perhaps, so that it stays until it is answered
                self._toasts.show_offer(text, {"Show the result": partial(self._compare_study, study)})
            elif text:
                self._toasts.show_message(text, "Compare", lambda: self._session.compare_study(study))

        self._session.store.call(read, show)

    def _compare_study(self, study: int, message: Banner) -> None:
        if (link := message.focusWidget()) is not None:
            link.clearFocus()  # else Qt moves the focus to the name of the experiment
        message.dismiss()
        self._session.compare_study(study)


def _stop_message(run: int) -> str:
    return f"Run {run} stops after this step; what it has learned is kept."

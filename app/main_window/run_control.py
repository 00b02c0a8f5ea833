"""What the window does with runs: start, pause and stop them, and tell how they go."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from app.main_window import words
from app.main_window.actions import Actions, describe
from app.main_window.bars.status_line import StatusLine
from app.main_window.bars.toasts import Toasts
from app.session import Session
from app.widgets import Banner
from mtl_core.errors import WorkbenchError

if TYPE_CHECKING:
    from mtl_core.spec import Problem
    from mtl_core.store import RunRecord, RunStore


class RunControl(QObject):
    """Stands between the window's actions and the session's queue.

    Args:
        session: Document and queue.
        actions: Run, Pause and Stop, which say what they would do now.
        status: Shows the run that is on.
        toasts: Say what became of runs.
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
        open_page: Callable[[str], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session, self._actions, self._status, self._toasts = session, actions, status, toasts
        self._open_page = open_page
        self._interrupted: list[RunRecord] = []
        self._told: dict[int, str] = {}
        self._refused = ""
        self._queued: tuple[str, frozenset[int]] = ("", frozenset())
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._tell_interrupted)
        session.queue.runChanged.connect(self._run_changed)
        session.queue.queued.connect(self._tell_queued)
        session.queue.repeated.connect(lambda runs: toasts.show_message(words.repeated_line(runs)))
        session.queue.activeChanged.connect(self.show_active)
        session.liveRunChanged.connect(lambda _run: self.show_active())
        session.records.changed.connect(self._record_changed)
        session.studyRequested.connect(self.start_study)
        session.document.changed.connect(lambda _paths: self._withdraw_refusal())

    def start(self) -> None:
        """Run the experiment as it stands, or show what keeps it from running."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run(self._cannot_run):
            self._open_page("live")

    def start_study(self, seeds: list[int], baselines: bool, together: bool) -> None:
        """Run the experiment as it stands once per seed, with single-task baselines and in one loop as wanted."""
        problems = self._session.document.problems
        if problems:
            self._refuse(problems)
        elif self._session.run_study(seeds, baselines=baselines, together=together, refused=self._cannot_run):
            self._open_page("live")

    def toggle_pause(self) -> None:
        """Pause the run that :attr:`Session.controlled_run` names, or let it go on."""
        record = self._session.controlled_run
        if record is not None:
            ask = self._session.queue.resume if record.state == "paused" else self._session.queue.pause
            ask(record.id)

    def stop(self) -> None:
        """Stop that run and keep what it has, or take it out of the queue."""
        record = self._session.controlled_run
        if record is None:
            return
        run, queue = record.id, self._session.queue
        queue.stop(run)
        if record.state != "queued":
            self._toasts.show_message(_stop_line(run), "End its process", lambda: queue.kill(run))

    def show_active(self) -> None:
        """Show the run that is on, and what can be done with it."""
        queue, actions = self._session.queue, self._actions
        self._show_progress()
        self._status.show_waiting(len(queue.waiting_runs))
        record = self._session.controlled_run
        actions.stop.setEnabled(record is not None)
        actions.pause.setEnabled(record is not None and record.is_live)
        for action, (label, text) in (
            (actions.pause, words.pause_words(record)),
            (actions.stop, words.stop_words(record)),
        ):
            action.setIconText(label)
            describe(action, text)
        describe(
            actions.run,
            "Queue this experiment behind the run that trains" if queue.local_runs else "Run this experiment",
        )

    def _show_progress(self) -> None:
        active = self._session.queue.active
        self._status.show_run(None if active is None else self._session.records.newest(active))

    def _record_changed(self, run: int) -> None:
        active = self._session.queue.active
        if active is not None and active.id == run:
            self._show_progress()

    def _refuse(self, problems: "Sequence[Problem]") -> None:
        """Say why the experiment cannot run, on the page where that is mended."""
        self._open_page(words.page_of(problems[0].path))
        self._withdraw_refusal()
        self._refused = words.problem_line(problems)
        self._toasts.show_error(self._refused)

    def _withdraw_refusal(self) -> None:
        """What kept an experiment from running is out of date once it was edited."""
        if self._refused:
            self._toasts.withdraw(self._refused)
            self._refused = ""

    def _cannot_run(self, error: Exception) -> None:
        if isinstance(error, WorkbenchError):
            self._refuse(error.problems)
        else:
            self._session.show_error(error)

    def _tell_queued(self, runs: list[int]) -> None:
        """Answer a press at once where the new runs must wait."""
        queue = self._session.queue
        before = len(set(queue.waiting_runs) - set(runs)) + len(queue.local_runs)
        self._withdraw_queued()
        text = words.queued_line(runs, before)
        self._queued = (text, frozenset(runs))
        self._toasts.show_message(text, "Show", lambda: self._open_page("runs"))

    def _withdraw_queued(self) -> None:
        """That runs are queued is out of date once the first of them has begun or was removed."""
        text, _runs = self._queued
        self._queued = ("", frozenset())
        self._toasts.withdraw(text)

    def _run_changed(self, record: "RunRecord") -> None:
        if record.has_ended:
            self._toasts.withdraw(_stop_line(record.id))
        if record.state != "queued" and record.id in self._queued[1]:
            self._withdraw_queued()
        if record.state == "interrupted":
            self._interrupted.append(record)  # with those that their process had too, which come at once
            self._soon.start()
        elif record.has_ended:
            tell = self._toasts.show_error if record.state == "failed" else self._toasts.show_message
            tell(words.ended_line(record))
        elif text := self._told.pop(record.id, ""):
            self._toasts.withdraw(text)  # it goes on
        if record.has_ended and record.study is not None and self._session.queue.is_study_over(record.study):
            self._tell_study(record.study)
        self.show_active()

    def _tell_interrupted(self) -> None:
        told, self._interrupted = self._interrupted, []
        for cause in dict.fromkeys(record.error for record in told):
            records = [record for record in told if record.error == cause]
            runs, text = [record.id for record in records], words.interrupted_line(records)
            self._toasts.show_error(text, {"Resume": partial(self._resume, runs)})
            self._told |= dict.fromkeys(runs, text)

    def _resume(self, runs: "Sequence[int]", message: Banner) -> None:
        message.dismiss()
        for run in runs:
            self._session.queue.resume_run(run)
        self._open_page("live")

    def _tell_study(self, study: int) -> None:
        """Say what came of a study whose last run has ended."""

        def read(store: "RunStore") -> str:
            from mtl_core.analysis.studies import read_study

            found = read_study(store, study)
            return words.study_line(found) if found is not None and len(found.runs) > 1 else ""

        def tell(line: str) -> None:
            if line:
                self._toasts.show_message(line, "Compare", lambda: self._session.compare_study(study))

        self._session.store.call(read, tell)


def _stop_line(run: int) -> str:
    return f"Run {run} stops after this step; what it has learned is kept."

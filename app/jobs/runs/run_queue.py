"""Trains runs one after the other, and reports the progress of all active runs of a store."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.jobs.callbacks import Failed
from app.jobs.runs.active_runs import ActiveRuns
from app.jobs.runs.run_launcher import RunLauncher
from app.jobs.runs.run_poller import RunPoller
from app.jobs.runs.training_process import TrainingProcess, TurnEnd
from app.jobs.runs.turns import Turns, group_into_turns
from app.jobs.store.queue_queries import ExitCause, exit_message, find_active_runs, finish_turn
from app.jobs.store.store_service import StoreService
from app.jobs.worker.worker_client import Worker
from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
)
from mtl_core.protocol.states import RESULT_STATES
from mtl_core.spec import ExperimentSpec, StudyRun

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.store import RunRecord


class RunQueue(QObject):
    """The runs of this store that are running, paused or queued.

    One run at a time trains on this machine, or the runs that train together; others wait. Runs that an earlier window
    or the command line left training are found at the start and watched like one's own; all requests to a run go
    through the store. A run has its row at once and is checked while it waits: it trains once the worker has said that
    it can, and is withdrawn when it cannot.

    ``runChanged(RunRecord)``: a run that is active, or has just ended, has another record. ``activeChanged()``: another
    set of runs is active. ``created(int)``: a run, or the first of a study, was created. ``queued(list[int])``: runs
    were created that must wait for others, or several at once. ``repeated(list[int])``: a request was repeated; the
    runs that it created once, empty while they are being created. ``withdrawn(list[int])``: new runs that cannot train
    were taken back. ``failed(Exception)``: something could not be done.

    Args:
        store: The store of the runs.
        worker: The worker that checks runs, and whose warm process is the next one to train.
        parent: Owner.
    """

    runChanged = Signal(object)
    activeChanged = Signal()
    created = Signal(int)
    queued = Signal(list)
    repeated = Signal(list)
    withdrawn = Signal(list)
    failed = Signal(object)

    def __init__(self, store: StoreService, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._launcher = RunLauncher(store, worker, self)
        self._training = TrainingProcess(worker, self)
        self._training.turnEnded.connect(self._on_turn_ended)
        self._active = ActiveRuns()
        self._turns = Turns()
        self._unchecked: set[int] = set()
        self._studies: set[int] = set()
        self._killed: set[int] = set()
        self._closed = False
        self._poller = RunPoller(store, lambda: self._active.numbers, self)
        self._poller.polled.connect(self._on_polled)
        self._poller.failed.connect(self._on_store_error)

    @property
    def active(self) -> "RunRecord | None":
        """The run that the status line shows: one's own that trains, else another live one, else the first queued."""
        return self.controlled_run(None)

    def controlled_run(self, shown: int | None) -> "RunRecord | None":
        """The run that Pause and Stop apply to while the Live page shows ``shown``; see :func:`controlled_run`."""
        return self._active.controlled_run(self._training.runs, shown)

    @property
    def live_runs(self) -> "list[RunRecord]":
        """All runs that are running or paused, oldest first."""
        return self._active.live

    @property
    def local_runs(self) -> "list[RunRecord]":
        """Those of :attr:`live_runs` that train on this machine."""
        return self._active.local

    @property
    def waiting_runs(self) -> tuple[int, ...]:
        """The runs that wait for their turn, in that order."""
        return tuple(self._turns)

    def is_own_study(self, study: int | None) -> bool:
        """Whether this queue has created or resumed runs of a study."""
        return study in self._studies

    def is_study_over(self, study: int | None) -> bool:
        """Whether this queue has trained runs of a study and none of its runs is active any more."""
        return self.is_own_study(study) and not self._active.has_study(study)

    def attach(self) -> None:
        """Find the active runs of the store and poll them from now on."""
        self._store.call(find_active_runs, self._on_attached, self._on_store_error)
        self._poller.start()

    def start(self, spec: ExperimentSpec, *, parent: int | None = None, refused: Failed | None = None) -> None:
        """Create a run of ``spec`` at once, and train it when it has been checked and it is its turn.

        Args:
            spec: What to run.
            parent: The run it repeats.
            refused: Called with the reason when it cannot run, once it was withdrawn; ``failed`` without it.
        """
        self._launcher.launch_run(spec, parent, refused)

    def start_study(
        self,
        members: Sequence[StudyRun],
        *,
        first: int | None = None,
        together: bool = False,
        refused: Failed | None = None,
    ) -> None:
        """Create the runs of a study at once, to be trained in their order; all are withdrawn when one cannot run.

        Args:
            members: The runs; those of one seed run if those of another do.
            first: A run whose study they join.
            together: Train the seeds of each role (all tasks, the baseline of a task) in one loop.
            refused: Called with the reason when one cannot run, or seeds cannot train together; ``failed`` without it.
        """
        self._launcher.launch_study(members, first, refused, together=together)

    def start_fork(self, checkpoint: "RunCheckpoint", spec: ExperimentSpec, refused: Failed | None = None) -> None:
        """Create a run that begins with a checkpoint of another one, and train it when it is its turn.

        Args:
            checkpoint: The checkpoint.
            spec: What to run.
            refused: Called with the reason when it cannot run; ``failed`` without it.
        """
        self._launcher.launch_fork(checkpoint, spec, refused)

    def keep_checkpoint(self, run: int) -> None:
        """Request a run to keep a checkpoint of its next step."""
        self._request(run, CheckpointRequest())

    def resume_run(self, run: int) -> None:
        """Resume an interrupted, stopped or failed run from its last checkpoint; one that cannot be stays as it is."""
        self._launcher.resume_run(run)

    def pause(self, run: int) -> None:
        """Request a run to pause."""
        self._request(run, PauseRequest())

    def resume(self, run: int) -> None:
        """Request a paused run to continue."""
        self._request(run, ResumeRequest())

    def stop(self, run: int) -> None:
        """Request a run to stop and keep what it has; one that waits is taken out of the queue."""
        if run in self._turns:
            self._turns.remove(run)
            self._store.call(
                lambda store: store.finish(run, "stopped"), lambda _: self._poller.poll(), self._on_store_error
            )
        else:
            self._request(run, StopRequest())

    def stop_study(self, study: int) -> None:
        """Stop the runs of a study that train, and take out of the queue those that wait."""
        runs = self._active.of_study(study)
        for run in sorted(runs, key=lambda run: run not in self._turns):  # those that wait first: none may begin
            self.stop(run)

    def kill(self, run: int) -> None:
        """End a run's process at once; the run is interrupted and can be resumed from its last checkpoint."""
        self._killed.add(run)
        self._store.call(lambda store: store.kill(run), lambda _: self._poller.poll(), self._on_store_error)

    def set_weights(self, run: int, weights: dict[str, float] | None) -> None:
        """Set the loss weights of a live run by hand; None hands them back to the method."""
        self._request(run, WeightsRequest(weights=weights))

    def close(self, *, seconds: float = 5.0) -> None:
        """Poll no more; a run that trains continues by itself."""
        self._closed = True
        self._launcher.close()
        self._poller.close()
        self._training.close(seconds)

    def _request(self, run: int, request: Request) -> None:
        self._store.call(lambda store: store.add_request(run, request), None, self._on_store_error, lane="live")

    def _on_attached(self, live_and_queued: "tuple[list[RunRecord], list[RunRecord]]") -> None:
        live, queued = live_and_queued
        for record in (*live, *queued):
            self._active.put(record)
            self.runChanged.emit(record)
        self._turns.put_first(record.id for record in queued)
        self.activeChanged.emit()
        self._train_next()

    def _on_store_error(self, error: Exception) -> None:
        self.failed.emit(error)

    # --- reports of the launcher

    def on_created(self, records: "list[RunRecord]", *, together: bool, checked: bool) -> None:
        """Append new runs to the queue."""
        records = [record for record in records if record.id not in self._turns]
        if not records:
            return
        if not checked:
            self._unchecked.update(record.id for record in records)
        busy = bool(self._active)
        self._turns.add(group_into_turns(records, together=together))
        for record in records:
            self._active.put(record)
            if record.study is not None:
                self._studies.add(record.study)
        self.created.emit(records[0].id)
        for record in records:
            self.runChanged.emit(record)
        if busy or len(records) > 1:
            self.queued.emit([record.id for record in records])
        self.activeChanged.emit()
        self._train_next()

    def on_checked(self, runs: Sequence[int]) -> None:
        """Let runs train when it is their turn."""
        self._unchecked.difference_update(runs)
        self._train_next()

    def on_refused(self, records: "list[RunRecord]") -> None:
        """Remove withdrawn runs, without ``runChanged``: whoever started them is told why."""
        for record in records:
            self._unchecked.discard(record.id)
            self._turns.remove(record.id)
        self._active.remove(record.id for record in records)
        self.withdrawn.emit([record.id for record in records])
        self.activeChanged.emit()
        self._train_next()

    def on_repeated(self, runs: Sequence[int]) -> None:
        """Report a request that was made twice."""
        self.repeated.emit(list(runs))

    def on_error(self, error: Exception) -> None:
        """Report runs that could not be created."""
        self.failed.emit(error)

    # --- turns

    def _train_next(self) -> None:
        """Train the first turn that waits, unless a run is training or the turn has yet to be checked."""
        if self._closed or self._training.runs or not self._turns or self.local_runs:
            return
        if self._unchecked.isdisjoint(self._turns.first):
            self._training.train(self._turns.pop(), self._store.url)
            self.activeChanged.emit()
            self._poller.poll()

    def _on_turn_ended(self, end: TurnEnd) -> None:
        """Write the end of the runs of a turn; its process trains the next turn if all ended well."""
        exit_cause, requeue = None, False
        if end.exit is not None:
            killed = not self._killed.isdisjoint(end.runs)
            message = exit_message(end.exit.status, end.exit.last_line, killed_by_user=killed)
            exit_cause, requeue = ExitCause(end.exit.pid, message), end.exit.reused
        self._killed.clear()
        if end.refusal is not None:
            self.failed.emit(end.refusal)
        # Ahead of a long list, and of the next poll, which would not know why the process ended.
        self._store.call(
            lambda store: finish_turn(store, end.runs, refusal=end.refusal, exit_cause=exit_cause, requeue=requeue),
            partial(self._on_turn_finished, end),
            self._on_finish_error,
            lane="live",
        )

    def _on_turn_finished(self, end: TurnEnd, records: "list[RunRecord]") -> None:
        if self._closed:
            return
        self._training.release(reuse=all(record.state in RESULT_STATES for record in records))
        if end.exit is not None and (left := tuple(record.id for record in records if record.state == "queued")):
            self._turns.put_back(left)  # a reused process died before it had begun them: a new one trains them
        self._update_records(records)
        self._train_next()

    def _on_finish_error(self, error: Exception) -> None:
        """End the process: with its end unwritten, the run counts as one whose process has died."""
        self._training.release(reuse=False)
        self.failed.emit(error)

    # --- records

    def _on_polled(self, records: "list[RunRecord]") -> None:
        self._update_records(records)
        self._train_next()

    def _update_records(self, records: "list[RunRecord]") -> None:
        changed = False
        for record in records:
            before = self._active.get(record.id)
            if record.has_ended and before is None:
                continue  # its end was reported
            if record.state == "interrupted" and record.id in self._training.runs:
                continue  # its end is reported once the exit of its process is known
            if record.state != "queued" and record.id in self._turns:
                self._turns.remove(record.id)  # another window trains it
            if record.has_ended:
                self._active.remove([record.id])
                changed = True
            else:
                self._active.put(record)
                changed |= before is None or before.state != record.state
            if record != before:
                self.runChanged.emit(record)
        if changed:
            self.activeChanged.emit()

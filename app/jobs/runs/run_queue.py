"""Starts runs one after the other, and tells how those that are on are doing."""

import socket
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.callbacks import Failed
from app.jobs.runs.controlled_run import controlled_run
from app.jobs.runs.pending import Turns, turns_of
from app.jobs.runs.run_launcher import RunMaker
from app.jobs.runs.training_process import Trainer, TurnEnd
from app.jobs.store.queue_queries import Death, after, cause_of_death, find, look
from app.jobs.store.store_service import StoreService
from app.jobs.worker.worker_client import Worker
from mtl_core.protocol.requests import PauseRequest, Request, ResumeRequest, StopRequest, WeightsRequest
from mtl_core.spec import ExperimentSpec, StudyRun

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

WATCH_MS = 500
_WIDELY_EVERY = 4
"""Every so many looks: whose process has died, and what have others started?"""


class RunQueue(QObject):
    """The runs of this store that are on or waiting.

    One run at a time trains on this machine, or the runs that train together; others wait. Runs that an earlier window
    or the command line left training are found at start and watched like one's own; everything asked of a run goes
    through the store. A run has its row at once and is checked while it waits: it trains once the worker has said that
    it can, and is withdrawn when it cannot.

    ``runChanged(RunRecord)``: news of a run that is on, waiting, or has just ended. ``activeChanged()``: another set
    of runs is on or waiting. ``started(int)``: a run, or the first of a study, has been made. ``queued(list[int])``:
    runs have been made that must wait for others, or several at once. ``repeated(list[int])``: the same was asked for
    twice and made these runs once; empty while they are being made. ``failed(Exception)``: something could not be done.
    """

    runChanged = Signal(object)
    activeChanged = Signal()
    started = Signal(int)
    queued = Signal(list)
    repeated = Signal(list)
    failed = Signal(object)

    def __init__(self, store: StoreService, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._maker = RunMaker(store, worker, self)
        self._trainer = Trainer(worker, self)
        self._trainer.ended.connect(self._turn_ended)
        self._host = socket.gethostname()
        self._records: dict[int, RunRecord] = {}
        self._waiting = Turns()
        self._unchecked: set[int] = set()
        self._studies: set[int] = set()
        self._killed: set[int] = set()
        self._watching = False
        self._asked: tuple[int, ...] = ()
        self._looks = 0
        self._closed = False
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._watch)

    @property
    def active(self) -> "RunRecord | None":
        """The run to show in the run bar: one's own that trains, else another that is on, else the first waiting."""
        return self.controlled(None)

    def controlled(self, shown: int | None) -> "RunRecord | None":
        """The run that Pause and Stop mean; see :func:`app.jobs.runs.controlled_run.controlled_run`."""
        return controlled_run(self._records, self._trainer.runs, shown)

    @property
    def on(self) -> "list[RunRecord]":
        """All runs that are running or paused, oldest first."""
        return [self._records[run] for run in sorted(self._records) if self._records[run].state != "queued"]

    @property
    def here(self) -> "list[RunRecord]":
        """Those of :attr:`on` that train on this machine."""
        return [record for record in self.on if record.host == self._host]

    @property
    def waiting(self) -> tuple[int, ...]:
        """The runs that wait for their turn, in that order."""
        return tuple(self._waiting)

    def study_over(self, study: int | None) -> bool:
        """Whether this queue has trained runs of a study and none of its runs is on or waits any more."""
        return study in self._studies and all(record.study != study for record in self._records.values())

    def attach(self) -> None:
        """Find what is on and what was left waiting in this store, and watch it."""
        self._store.call(find, self._found, self._fail)
        self._timer.start(WATCH_MS)

    def start(self, spec: ExperimentSpec, *, parent: int | None = None, refused: Failed | None = None) -> None:
        """Make a run of ``spec`` at once, and start it when it has been checked and it is its turn.

        Args:
            spec: What to run.
            parent: The run it repeats.
            refused: Told why it cannot run, once it has been withdrawn; ``failed`` without it.
        """
        self._maker.one(spec, parent, refused)

    def start_study(
        self,
        members: Sequence[StudyRun],
        *,
        first: int | None = None,
        together: bool = False,
        refused: Failed | None = None,
    ) -> None:
        """Make the runs of a study at once, to be trained in their order; all are withdrawn when one cannot run.

        Args:
            members: The runs; those of one seed run if those of another do.
            first: A run whose study they join.
            together: Train the seeds of each role (all tasks, the baseline of a task) in one loop.
            refused: Told why one cannot run, or why seeds cannot train together; ``failed`` without it.
        """
        self._maker.study(members, first, refused, together=together)

    def resume_run(self, run: int) -> None:
        """Take an interrupted, stopped or failed run up again from its last checkpoint; one that cannot stays so."""
        self._maker.again(run)

    def pause(self, run: int) -> None:
        """Ask a run to pause."""
        self._request(run, PauseRequest())

    def resume(self, run: int) -> None:
        """Ask a paused run to go on."""
        self._request(run, ResumeRequest())

    def stop(self, run: int) -> None:
        """Ask a run to stop and keep what it has; one that waits is taken out of the queue."""
        if run in self._waiting:
            self._waiting.remove(run)
            self._store.call(lambda store: store.finish(run, "stopped"), lambda _: self._watch(), self._fail)
        else:
            self._request(run, StopRequest())

    def kill(self, run: int) -> None:
        """End a run's process at once; it is interrupted and can go on from its last checkpoint."""
        self._killed.add(run)
        self._store.call(lambda store: store.kill(run), lambda _: self._watch(), self._fail)

    def set_weights(self, run: int, weights: dict[str, float] | None) -> None:
        """Move the loss weights of a running run by hand; None gives them back to the method."""
        self._request(run, WeightsRequest(weights=weights))

    def close(self, *, seconds: float = 5.0) -> None:
        """Watch no more; a run that trains goes on by itself."""
        self._closed = True
        self._maker.close()
        self._timer.stop()
        self._trainer.close(seconds)

    def _request(self, run: int, request: Request) -> None:
        self._store.call(lambda store: store.add_request(run, request), None, self._fail, lane="live")

    def _found(self, found: "tuple[list[RunRecord], list[RunRecord]]") -> None:
        on, left = found
        for record in (*on, *left):
            self._records[record.id] = record
            self.runChanged.emit(record)
        self._waiting.put_first(record.id for record in left)
        self.activeChanged.emit()
        self._next()

    # --- what the maker says

    def take_made(self, records: "list[RunRecord]", together: bool, checked: bool) -> None:
        """New rows: they wait for their turn."""
        records = [record for record in records if record.id not in self._waiting]
        if not records:
            return  # they wait already
        if not checked:
            self._unchecked.update(record.id for record in records)
        busy = bool(self._records)
        self._waiting.add(turns_of(records, together=together))
        for record in records:
            self._records[record.id] = record
            if record.study is not None:
                self._studies.add(record.study)
        self.started.emit(records[0].id)
        for record in records:
            self.runChanged.emit(record)
        if busy or len(records) > 1:
            self.queued.emit([record.id for record in records])
        self.activeChanged.emit()
        self._next()

    def take_checked(self, runs: Sequence[int]) -> None:
        """The runs can train."""
        self._unchecked.difference_update(runs)
        self._next()

    def take_refused(self, records: "list[RunRecord]") -> None:
        """The runs have been withdrawn, and whoever asked for them hears why: no news of each."""
        for record in records:
            self._unchecked.discard(record.id)
            self._waiting.remove(record.id)
            self._records.pop(record.id, None)
        self.activeChanged.emit()
        self._next()

    def take_repeat(self, runs: Sequence[int]) -> None:
        """The same was asked for twice."""
        self.repeated.emit(list(runs))

    def take_failure(self, error: Exception) -> None:
        """Something could not be made."""
        self._fail(error)

    # --- turns

    def _next(self) -> None:
        """Train the first turn that waits, unless one is on or it has yet to be checked."""
        if self._closed or self._trainer.runs or not self._waiting or self.here:
            return
        if self._unchecked.isdisjoint(self._waiting.first):
            self._trainer.train(self._waiting.take(), self._store.url)
            self.activeChanged.emit()
            self._watch()

    def _turn_ended(self, end: TurnEnd) -> None:
        """Write what is left to write of the runs of a turn; its process has another turn if all ended well."""
        death, begun = None, True
        if end.exit is not None:
            by_hand = not self._killed.isdisjoint(end.runs)
            death = Death(end.exit.pid, cause_of_death(end.exit.status, end.exit.words, by_hand=by_hand))
            begun = not end.exit.used
        self._killed.clear()
        if end.refusal is not None:
            self.failed.emit(end.refusal)
        # Ahead of a long list, and of the next look, which would not know what the process died of.
        self._store.call(
            lambda store: after(store, end.runs, refusal=end.refusal, death=death, again=not begun),
            partial(self._settle, end),
            self._fail_settling,
            lane="live",
        )

    def _settle(self, end: TurnEnd, records: "list[RunRecord]") -> None:
        if self._closed:
            return
        self._trainer.release(reuse=all(record.state in ("finished", "stopped") for record in records))
        if end.exit is not None and (left := tuple(record.id for record in records if record.state == "queued")):
            self._waiting.put_back(left)  # a used process died before it had begun them: a new one trains them
        self._take_in(records)
        self._next()

    def _fail_settling(self, error: Exception) -> None:
        """With its end unwritten a run counts as one whose process is gone: so the process has to go."""
        self._trainer.release(reuse=False)
        self._fail(error)

    def _watch(self) -> None:
        self._looks += 1
        widely = self._looks % _WIDELY_EVERY == 0
        if self._watching or self._closed or not (self._records or widely):
            return
        self._watching = True
        runs = self._asked = tuple(self._records)
        self._store.call(lambda store: look(store, runs, widely=widely), self._looked, self._fail_look, lane="live")

    def _looked(self, records: "list[RunRecord]") -> None:
        self._watching = False
        ended_since = {run for run in self._asked if run not in self._records}
        self._take_in([record for record in records if record.id not in ended_since])
        self._next()

    def _fail_look(self, error: Exception) -> None:
        self._watching = False
        self._fail(error)

    def _take_in(self, records: "list[RunRecord]") -> None:
        changed = False
        for record in records:
            before = self._records.get(record.id)
            if record.has_ended and before is None:
                continue  # its end has been told
            if record.state == "interrupted" and record.id in self._trainer.runs:
                continue  # its end will be told with what its process died of
            if record.state != "queued" and record.id in self._waiting:
                self._waiting.remove(record.id)  # another window has taken it
            if record.has_ended:
                changed |= self._records.pop(record.id, None) is not None
            else:
                self._records[record.id] = record
                changed |= before is None or before.state != record.state
            if record != before:
                self.runChanged.emit(record)
        if changed:
            self.activeChanged.emit()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)

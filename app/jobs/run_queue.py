"""Starts runs one after the other, and tells how those that are on are doing."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.asks import train
from app.jobs.callbacks import Failed
from app.jobs.looking import LIVE, Death, after, cause_of_death, find, look
from app.jobs.making import RunMaker
from app.jobs.process import WorkerProcess
from app.jobs.store_service import StoreService
from app.jobs.turns import Turn, Turns, turns_of
from app.jobs.worker import Worker
from mtl_core.errors import WorkbenchError
from mtl_core.runner.protocol import Reply
from mtl_core.spec import ExperimentSpec, Member

if TYPE_CHECKING:
    from mtl_core.store import RequestKind, RunRecord, RunStore

WATCH_MS = 500
_WIDELY_EVERY = 4
"""Every so many looks: whose process has died, and what have others started?"""


@dataclass(frozen=True)
class _Training:
    runs: Turn
    process: WorkerProcess
    ask: int


class RunQueue(QObject):
    """The runs of this store that are on or waiting.

    One run at a time trains on this machine, or the runs that train together; others wait. Runs that an earlier window
    or the command line left training are found at start and watched like one's own; everything asked of a run goes
    through the store.

    ``runChanged(RunRecord)``: news of a run that is on, waiting, or has just ended. ``activeChanged()``: another set
    of runs is on or waiting. ``started(int)``: a run, or the first of a study, has been made. ``failed(Exception)``:
    something could not be done.
    """

    runChanged = Signal(object)
    activeChanged = Signal()
    started = Signal(int)
    failed = Signal(object)

    def __init__(self, store: StoreService, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        self._worker = worker
        self._maker = RunMaker(store, worker, self._created, self._fail)
        self._host = socket.gethostname()
        self._records: dict[int, RunRecord] = {}
        self._waiting = Turns()
        self._studies: set[int] = set()
        self._training: _Training | None = None
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
        if self._training is not None and self._training.runs[0] in self._records:
            return self._records[self._training.runs[0]]
        on = [record for record in self._records.values() if record.state in LIVE]
        return next(iter(on or self._records.values()), None)

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
        """Make a run of ``spec`` and start it as soon as it is its turn; nothing is made when it cannot run.

        Args:
            spec: What to run.
            parent: The run it repeats.
            refused: Told why it cannot run; ``failed`` without it.
        """
        self._maker.one(spec, parent, refused)

    def start_study(
        self,
        members: Sequence[Member],
        *,
        first: int | None = None,
        together: bool = False,
        refused: Failed | None = None,
    ) -> None:
        """Make the runs of a study, to be trained in their order; none is made when one of them cannot run.

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
        self._request(run, "pause")

    def resume(self, run: int) -> None:
        """Ask a paused run to go on."""
        self._request(run, "resume")

    def stop(self, run: int) -> None:
        """Ask a run to stop and keep what it has; one that waits is taken out of the queue."""
        if run in self._waiting:
            self._waiting.remove(run)
            self._store.call(lambda store: store.finish(run, "stopped"), lambda _: self._watch(), self._fail)
        else:
            self._request(run, "stop")

    def kill(self, run: int) -> None:
        """End a run's process at once; it is interrupted and can go on from its last checkpoint."""
        self._killed.add(run)
        self._store.call(lambda store: store.kill(run), lambda _: self._watch(), self._fail)

    def set_weights(self, run: int, weights: dict[str, float] | None) -> None:
        """Move the loss weights of a running run by hand; None gives them back to the method."""
        self._request(run, "weights", {"weights": weights})

    def close(self, *, seconds: float = 5.0) -> None:
        """Watch no more; a run that trains goes on by itself."""
        self._closed = True
        self._maker.close()
        self._timer.stop()
        if self._training is not None:
            self._training.process.forget()
            self._training = None

    def _request(self, run: int, kind: "RequestKind", payload: dict[str, Any] | None = None) -> None:
        self._store.call(lambda store: store.request(run, kind, payload), None, self._fail, lane="live")

    def _found(self, found: "tuple[list[RunRecord], list[RunRecord]]") -> None:
        on, left = found
        for record in (*on, *left):
            self._records[record.id] = record
            self.runChanged.emit(record)
        self._waiting.put_first(record.id for record in left)
        self.activeChanged.emit()
        self._next()

    def _created(self, records: "list[RunRecord]", together: bool) -> None:
        self._waiting.add(turns_of(records, together=together))
        for record in records:
            self._records[record.id] = record
            if record.study is not None:
                self._studies.add(record.study)
        self.started.emit(records[0].id)
        for record in records:
            self.runChanged.emit(record)
        self.activeChanged.emit()
        self._next()

    def _next(self) -> None:
        """Hand the first turn that waits to the warm worker, unless one is on."""
        if self._closed or self._training is not None or not self._waiting or self._others_train():
            return
        runs = self._waiting.take()
        process = self._worker.take()
        process.setParent(self)
        process.replied.connect(self._replied)
        process.died.connect(self._died)
        self._training = _Training(runs, process, process.send(*train(runs, self._store.url)))
        self.activeChanged.emit()
        self._watch()

    def _others_train(self) -> bool:
        return bool(self.here)

    def _replied(self, reply: Reply) -> None:
        training = self._training
        if training is None or reply.id != training.ask:
            return
        if reply.error is not None:
            self._refused(training.runs, reply.error)
        self._ended(training)
        training.process.close()

    def _died(self, status: int, words: str) -> None:
        sender = self.sender()
        training = self._training
        if training is not None and training.process is sender:
            by_hand = not self._killed.isdisjoint(training.runs)
            self._ended(training, Death(training.process.pid, cause_of_death(status, words, by_hand=by_hand)))
        if isinstance(sender, QObject):
            sender.deleteLater()

    def _ended(self, training: _Training, death: Death | None = None) -> None:
        self._training = None
        self._killed.clear()
        # Ahead of a long list, and of the next look, which would not know what the process died of.
        self._store.call(lambda store: after(store, training.runs, death), self._buried, self._fail, lane="live")

    def _buried(self, records: "list[RunRecord]") -> None:
        self._take_in(records)
        self._next()

    def _refused(self, runs: Turn, error: WorkbenchError) -> None:
        """The worker would not train: say why, and let no run wait for ever."""

        def close(store: "RunStore") -> None:
            for run in runs:
                if store.run(run).state == "queued":
                    store.finish(run, "failed", str(error))

        self._store.call(close, None, self._fail)
        self.failed.emit(error)

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
            if record.ended and before is None:
                continue  # its end has been told
            if record.state == "interrupted" and self._training is not None and record.id in self._training.runs:
                continue  # its end will be told with what its process died of
            if record.state != "queued" and record.id in self._waiting:
                self._waiting.remove(record.id)  # another window has taken it
            if record.ended:
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

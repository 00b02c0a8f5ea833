"""Makes runs: their rows at once, then the worker says whether they can run."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from app.jobs.callbacks import Done, Failed
from app.jobs.runs.worker_requests import check, check_together
from app.jobs.store.queue_queries import refuse_runs
from app.jobs.store.store_service import StoreService
from app.jobs.worker.worker_client import Worker
from mtl_core.protocol.questions import Question, ResumableQuestion
from mtl_core.spec import ExperimentSpec, InputError, Problem, StudyRun

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

Create = Callable[["RunStore"], "list[RunRecord]"]
SAME_PRESS_SECONDS = 0.5
"""What is asked for twice within this time was a double click, or a press that seemed to have no effect."""


class Maker(Protocol):
    """Whoever is told how the making of runs goes."""

    def take_made(self, records: "list[RunRecord]", together: bool, checked: bool) -> None:
        """Rows were written; those that are not ``checked`` must not train yet."""

    def take_checked(self, runs: Sequence[int]) -> None:
        """These runs can train."""

    def take_refused(self, records: "list[RunRecord]") -> None:
        """These runs cannot; they have failed and are archived."""

    def take_repeat(self, runs: Sequence[int]) -> None:
        """The same was asked for once more and made nothing; the runs made the first time, if they are there yet."""

    def take_failure(self, error: Exception) -> None:
        """Something could not be done."""


@dataclass
class _Request:
    """Runs that were asked for, until they are made and checked and a double press is over."""

    what: object
    create: Create
    asks: Sequence[Question[list[Problem]]]
    refuse: Failed
    together: bool
    pressed: float = field(default_factory=time.monotonic)
    runs: "tuple[int, ...]" = ()
    answered: bool = False


class RunMaker:
    """Writes rows, then asks the worker about them; a request that is repeated while it is answered is one.

    A run that is found at fault has failed with the reason and is archived, so that no list of runs is filled with
    what never trained.

    Args:
        store: Where runs are made.
        worker: Who says whether they can run.
        queue: Told how it goes.
    """

    def __init__(self, store: StoreService, worker: Worker, queue: Maker) -> None:
        self._store, self._worker, self._queue = store, worker, queue
        self._requests: list[_Request] = []
        self._resuming: set[int] = set()
        self._closed = False

    def close(self) -> None:
        """Make nothing any more, whatever the worker still answers."""
        self._closed = True

    def one(self, spec: ExperimentSpec, parent: int | None, refused: Failed | None) -> None:
        """A run of ``spec``; arguments as of ``RunQueue.start``."""

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(store.create_run(spec, parent=parent))]

        self._make(_Request((spec, parent), create, [check(spec)], refused or self._queue.take_failure, False))

    def study(self, members: Sequence[StudyRun], first: int | None, refused: Failed | None, *, together: bool) -> None:
        """The runs of a study; arguments as of ``RunQueue.start_study``."""
        roles = list(dict.fromkeys(member.baseline for member in members))
        ordered = sorted(members, key=lambda member: roles.index(member.baseline)) if together else list(members)

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(run) for run in store.create_study(ordered, first)]

        seed = members[0].spec.training.seed
        asks: list[Question[list[Problem]]] = []
        asks += [check(member.spec) for member in ordered if member.spec.training.seed == seed]
        if together:
            asks += [check_together([one.spec for one in ordered if one.baseline == role]) for role in roles]
        what = (tuple(ordered), first, together)
        self._make(_Request(what, create, asks, refused or self._queue.take_failure, together))

    def again(self, run: int) -> None:
        """A run that has ended, under its number; one that cannot go on stays as it is."""
        if run in self._resuming:
            return
        self._resuming.add(run)

        def queue(store: "RunStore") -> "list[RunRecord]":
            store.set_state(run, "queued")
            return [store.run(run)]

        def fail(error: Exception) -> None:
            self._resuming.discard(run)
            self._queue.take_failure(error)

        def made(records: "list[RunRecord]") -> None:
            self._resuming.discard(run)
            self._queue.take_made(records, False, True)

        def look(url: str) -> None:
            can = self._unless_closed(lambda _: self._call(queue, made, fail))
            self._worker.ask(ResumableQuestion(run=run, store=url), can, self._unless_closed(fail))

        self._call(lambda store: store.url, look, fail)

    def _make(self, request: _Request) -> None:
        now = time.monotonic()
        self._requests = [one for one in self._requests if not one.answered or now - one.pressed < SAME_PRESS_SECONDS]
        for earlier in self._requests:
            if earlier.what == request.what:
                if now - earlier.pressed >= SAME_PRESS_SECONDS:  # of a double click there is nothing to say
                    self._queue.take_repeat(earlier.runs)
                earlier.pressed = now
                return
        self._requests.append(request)
        self._call(request.create, partial(self._made, request), partial(self._unmade, request))

    def _made(self, request: _Request, records: "list[RunRecord]") -> None:
        request.runs = tuple(record.id for record in records)
        self._queue.take_made(records, request.together, False)
        self._ask(request, request.asks)

    def _unmade(self, request: _Request, error: Exception) -> None:
        self._requests.remove(request)
        self._queue.take_failure(error)

    def _ask(self, request: _Request, asks: Sequence[Question[list[Problem]]]) -> None:
        """Ask the worker one question after the other, until one is answered with a problem."""

        def answer(problems: list[Problem]) -> None:
            if problems:
                refuse(InputError.of(problems))
            elif len(asks) > 1:
                self._ask(request, asks[1:])
            else:
                request.answered = True
                self._queue.take_checked(request.runs)

        def refuse(error: Exception) -> None:
            self._refuse(request, error)

        self._worker.ask(asks[0], self._unless_closed(answer), self._unless_closed(refuse))

    def _refuse(self, request: _Request, error: Exception) -> None:
        """Withdraw the runs, then say why: whoever hears it finds them withdrawn."""
        self._requests.remove(request)

        def tell(records: "list[RunRecord]") -> None:
            self._queue.take_refused(records)
            request.refuse(error)

        self._call(lambda store: refuse_runs(store, request.runs, error), tell, self._queue.take_failure)

    def _call(self, function: "Callable[[RunStore], Any]", done: Done, failed: Failed) -> None:
        """Call the store ahead of long lists, as a person waits for the answer."""
        self._store.call(function, self._unless_closed(done), self._unless_closed(failed), lane="live")

    def _unless_closed(self, function: Done) -> Done:
        return lambda value: None if self._closed else function(value)

"""Creates the rows of new runs at once and has the worker check that they can train."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from app.jobs.callbacks import Done, Failed
from app.jobs.runs.worker_questions import check_question, joint_check_question
from app.jobs.store.queue_queries import refuse_runs
from app.jobs.store.store_service import StoreService
from app.jobs.worker.worker_client import Worker
from mtl_core.protocol.questions import Question, ResumableQuestion
from mtl_core.spec import ExperimentSpec, InputError, Problem, StudyRun

if TYPE_CHECKING:
    from mtl_core.forking.checkpoint_list import RunCheckpoint
    from mtl_core.store import RunRecord, RunStore

Create = Callable[["RunStore"], "list[RunRecord]"]
DOUBLE_PRESS_SECONDS = 0.5
"""A request that is repeated within this time is a double click, or a press that seemed to have no effect."""


class LaunchObserver(Protocol):
    """What a :class:`RunLauncher` reports to."""

    def on_created(self, records: "list[RunRecord]", *, together: bool, checked: bool) -> None:
        """Rows were created; runs that are not ``checked`` must not train yet."""

    def on_checked(self, runs: Sequence[int]) -> None:
        """The runs can train."""

    def on_refused(self, records: "list[RunRecord]") -> None:
        """The runs cannot train; they have failed and are archived."""

    def on_repeated(self, runs: Sequence[int]) -> None:
        """A request was repeated and created nothing; ``runs`` are those of the first one, if they exist yet."""

    def on_error(self, error: Exception) -> None:
        """A row could not be written."""


@dataclass
class _Request:
    """A request for runs, kept until they are created and checked and a double press is over."""

    key: object
    create: Create
    questions: Sequence[Question[list[Problem]]]
    refused: Failed
    together: bool
    lane: str = "live"
    pressed: float = field(default_factory=time.monotonic)
    runs: "tuple[int, ...]" = ()
    checked: bool = False


class RunLauncher:
    """Creates runs and has them checked; an equal request is ignored until the first one is answered.

    A run that does not pass its check fails with the reason and is archived, so that the list of runs does not fill
    with runs that never trained.

    Args:
        store: The store of the runs.
        worker: The worker that checks them.
        observer: Informed of the results.
    """

    def __init__(self, store: StoreService, worker: Worker, observer: LaunchObserver) -> None:
        self._store, self._worker, self._observer = store, worker, observer
        self._requests: list[_Request] = []
        self._resuming: set[int] = set()
        self._closed = False

    def close(self) -> None:
        """Create nothing any more, whatever the worker still answers."""
        self._closed = True

    def launch_run(self, spec: ExperimentSpec, parent: int | None, refused: Failed | None) -> None:
        """Create a run of ``spec``; arguments as of ``RunQueue.start``."""

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(store.create_run(spec, parent=parent))]

        questions = [check_question(spec)]
        self._submit(_Request((spec, parent), create, questions, refused or self._observer.on_error, together=False))

    def launch_fork(self, checkpoint: "RunCheckpoint", spec: ExperimentSpec, refused: Failed | None) -> None:
        """Create a fork; arguments as of ``RunQueue.start_fork``."""

        def create(store: "RunStore") -> "list[RunRecord]":
            from mtl_core.forking.fork import create_fork  # with the store, which the start does not wait for

            return [store.run(create_fork(store, checkpoint, spec))]

        key, on_refused = ("fork", checkpoint, spec), refused or self._observer.on_error
        self._submit(_Request(key, create, [check_question(spec)], on_refused, together=False, lane="files"))

    def launch_study(
        self, members: Sequence[StudyRun], first: int | None, refused: Failed | None, *, together: bool
    ) -> None:
        """Create the runs of a study; arguments as of ``RunQueue.start_study``."""
        roles = list(dict.fromkeys(member.baseline for member in members))
        ordered = sorted(members, key=lambda member: roles.index(member.baseline)) if together else list(members)

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(run) for run in store.create_study(ordered, first)]

        seed = members[0].spec.training.seed
        questions: list[Question[list[Problem]]] = []
        questions += [check_question(member.spec) for member in ordered if member.spec.training.seed == seed]
        if together:
            specs = [[member.spec for member in ordered if member.baseline == role] for role in roles]
            questions += map(joint_check_question, specs)
        key = (tuple(ordered), first, together)
        self._submit(_Request(key, create, questions, refused or self._observer.on_error, together))

    def resume_run(self, run: int) -> None:
        """Queue a run that has ended, under its number; one that cannot be resumed stays as it is."""
        if run in self._resuming:
            return
        self._resuming.add(run)

        def enqueue(store: "RunStore") -> "list[RunRecord]":
            store.set_state(run, "queued")
            return [store.run(run)]

        def on_error(error: Exception) -> None:
            self._resuming.discard(run)
            self._observer.on_error(error)

        def on_queued(records: "list[RunRecord]") -> None:
            self._resuming.discard(run)
            self._observer.on_created(records, together=False, checked=True)

        def check(url: str) -> None:
            on_resumable = self._unless_closed(lambda _: self._call(enqueue, on_queued, on_error))
            self._worker.ask(ResumableQuestion(run=run, store=url), on_resumable, self._unless_closed(on_error))

        self._call(lambda store: store.url, check, on_error)

    def _submit(self, request: _Request) -> None:
        now = time.monotonic()
        self._requests = [r for r in self._requests if not r.checked or now - r.pressed < DOUBLE_PRESS_SECONDS]
        for earlier in self._requests:
            if earlier.key == request.key:
                if now - earlier.pressed >= DOUBLE_PRESS_SECONDS:  # a double click needs no message
                    self._observer.on_repeated(earlier.runs)
                earlier.pressed = now
                return
        self._requests.append(request)
        on_created, on_error = partial(self._on_created, request), partial(self._on_create_error, request)
        self._call(request.create, on_created, on_error, lane=request.lane)

    def _on_created(self, request: _Request, records: "list[RunRecord]") -> None:
        request.runs = tuple(record.id for record in records)
        self._observer.on_created(records, together=request.together, checked=False)
        self._check(request, request.questions)

    def _on_create_error(self, request: _Request, error: Exception) -> None:
        self._requests.remove(request)
        self._observer.on_error(error)

    def _check(self, request: _Request, questions: Sequence[Question[list[Problem]]]) -> None:
        """Ask the worker one question after the other, until one is answered with a problem."""

        def on_answer(problems: list[Problem]) -> None:
            if problems:
                on_error(InputError.of(problems))
            elif len(questions) > 1:
                self._check(request, questions[1:])
            else:
                request.checked = True
                self._observer.on_checked(request.runs)

        def on_error(error: Exception) -> None:
            self._refuse(request, error)

        self._worker.ask(questions[0], self._unless_closed(on_answer), self._unless_closed(on_error))

    def _refuse(self, request: _Request, error: Exception) -> None:
        """Withdraw the runs, then call ``refused``, which may rely on their being withdrawn."""
        self._requests.remove(request)

        def on_withdrawn(records: "list[RunRecord]") -> None:
            self._observer.on_refused(records)
            request.refused(error)

        self._call(lambda store: refuse_runs(store, request.runs, error), on_withdrawn, self._observer.on_error)

    def _call(self, function: "Callable[[RunStore], Any]", done: Done, failed: Failed, lane: str = "live") -> None:
        """Call the store on its thread for short calls, as a person waits for the result, or on another one."""
        self._store.call(function, self._unless_closed(done), self._unless_closed(failed), lane=lane)

    def _unless_closed(self, function: Done) -> Done:
        return lambda value: None if self._closed else function(value)

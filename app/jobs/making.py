"""Runs are made once the worker has said that they can run, so that one at fault never gets a row."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from app.jobs.asks import Question, check, check_together
from app.jobs.callbacks import Done, Failed
from app.jobs.store_service import StoreService
from app.jobs.worker import Worker
from mtl_core.spec import ExperimentSpec, InputError, Member, Problem

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

Create = Callable[["RunStore"], "list[RunRecord]"]


class RunMaker:
    """Asks the worker, then writes rows.

    Args:
        store: Where runs are made.
        worker: Who says whether they can run.
        made: Told the records, and whether they train ``together``.
        failed: Told what went wrong.
    """

    def __init__(
        self, store: StoreService, worker: Worker, made: "Callable[[list[RunRecord], bool], object]", failed: Failed
    ) -> None:
        self._store, self._worker = store, worker
        self._made, self._failed = made, failed
        self._closed = False

    def close(self) -> None:
        """Make nothing any more, whatever the worker still answers."""
        self._closed = True

    def one(self, spec: ExperimentSpec, parent: int | None, refused: Failed | None) -> None:
        """A run of ``spec``; arguments as of ``RunQueue.start``."""

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(store.create_run(spec, parent=parent))]

        self._make([check(spec)], create, refused or self._failed)

    def study(self, members: Sequence[Member], first: int | None, refused: Failed | None, *, together: bool) -> None:
        """The runs of a study; arguments as of ``RunQueue.start_study``."""
        roles = list(dict.fromkeys(member.baseline for member in members))
        ordered = sorted(members, key=lambda member: roles.index(member.baseline)) if together else list(members)

        def create(store: "RunStore") -> "list[RunRecord]":
            return [store.run(run) for run in store.create_study(ordered, first)]

        seed = members[0].spec.training.seed
        asks = [check(member.spec) for member in ordered if member.spec.training.seed == seed]
        if together:
            asks += [check_together([one.spec for one in ordered if one.baseline == role]) for role in roles]
        self._make(asks, create, refused or self._failed, together=together)

    def again(self, run: int) -> None:
        """A run that has ended, under its number; one that cannot go on stays as it is."""

        def queue(store: "RunStore") -> "list[RunRecord]":
            store.set_state(run, "queued")
            return [store.run(run)]

        def look(url: str) -> None:
            can = self._unless_closed(lambda _: self._write(queue, together=False))
            self._worker.ask("resumable", {"run": run, "store": url}, can, self._failed)

        self._store.call(lambda store: store.url, self._unless_closed(look), self._failed)

    def _make(self, asks: Sequence[Question], create: Create, refuse: Failed, *, together: bool = False) -> None:
        """Make runs once the worker has answered every question with no problem."""

        def answered(problems: list[dict[str, str]]) -> None:
            if problems:
                refuse(InputError.of([Problem(**problem) for problem in problems]))
            elif len(asks) > 1:
                self._make(asks[1:], create, refuse, together=together)
            else:
                self._write(create, together=together)

        self._worker.ask(*asks[0], self._unless_closed(answered), refuse)

    def _write(self, create: Create, *, together: bool) -> None:
        self._store.call(create, partial(self._tell, together), self._failed)

    def _tell(self, together: bool, records: "list[RunRecord]") -> None:
        if not self._closed:
            self._made(records, together)

    def _unless_closed(self, function: Done) -> Done:
        return lambda value: None if self._closed else function(value)

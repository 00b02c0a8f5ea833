"""The runs that wait: one turn after the other, a turn being a run or several that train together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

Turn = tuple[int, ...]


class Turns:
    """Turns in their order; iterating gives their runs."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []

    def __iter__(self) -> Iterator[int]:
        return (run for turn in self._turns for run in turn)

    def __bool__(self) -> bool:
        return bool(self._turns)

    def add(self, turns: Iterable[Turn]) -> None:
        """Put turns behind all others."""
        self._turns += turns

    def put_first(self, runs: Iterable[int]) -> None:
        """Put runs that do not wait yet before all others, each a turn of its own."""
        waiting = set(self)
        self._turns = [*((run,) for run in runs if run not in waiting), *self._turns]

    def remove(self, run: int) -> None:
        """Take a run out; those that it would have trained with stay together."""
        left = (tuple(one for one in turn if one != run) for turn in self._turns)
        self._turns = [turn for turn in left if turn]

    def put_back(self, turn: Turn) -> None:
        """Put a turn before all others."""
        self._turns.insert(0, turn)

    @property
    def first(self) -> Turn:
        """The turn that is next; empty when none waits."""
        return self._turns[0] if self._turns else ()

    def take(self) -> Turn:
        """The first turn, which waits no more."""
        return self._turns.pop(0)


def turns_of(records: "Sequence[RunRecord]", *, together: bool) -> list[Turn]:
    """A turn for each run, or for those of each role of a study: all tasks, the baseline of a task.

    Args:
        records: The runs in the order in which they train, those of a role beside each other.
        together: Whether those of a role train together.
    """
    if not together:
        return [(record.id,) for record in records]
    return [tuple(one.id for one in group) for _, group in groupby(records, key=lambda record: record.baseline)]

"""The order of the queue: turns, each a run or several that train together."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mtl_core.store import RunRecord

Turn = tuple[int, ...]


class Turns:
    """Turns in the order in which they train; iterating gives their runs."""

    def __init__(self) -> None:
        self._turns: list[Turn] = []

    def __iter__(self) -> Iterator[int]:
        return (run for turn in self._turns for run in turn)

    def __bool__(self) -> bool:
        return bool(self._turns)

    def add(self, turns: Iterable[Turn]) -> None:
        """Append turns."""
        self._turns += turns

    def put_first(self, runs: Iterable[int]) -> None:
        """Insert runs that are not queued yet before all others, each as a turn of its own."""
        queued = set(self)
        self._turns = [*((run,) for run in runs if run not in queued), *self._turns]

    def remove(self, run: int) -> None:
        """Remove a run; the others of its turn stay together."""
        remaining = (tuple(other for other in turn if other != run) for turn in self._turns)
        self._turns = [turn for turn in remaining if turn]

    def put_back(self, turn: Turn) -> None:
        """Insert a turn before all others."""
        self._turns.insert(0, turn)

    @property
    def first(self) -> Turn:
        """The next turn; empty if there is none."""
        return self._turns[0] if self._turns else ()

    def pop(self) -> Turn:
        """Remove the next turn and return it."""
        return self._turns.pop(0)


def group_into_turns(records: "Sequence[RunRecord]", *, together: bool) -> list[Turn]:
    """Make a turn of each run, or of the runs of each role of a study: all tasks, the baseline of a task.

    Args:
        records: The runs in the order in which they train, those of a role beside each other.
        together: Whether the runs of a role train together.
    """
    if not together:
        return [(record.id,) for record in records]
    return [tuple(record.id for record in group) for _, group in groupby(records, key=lambda record: record.baseline)]

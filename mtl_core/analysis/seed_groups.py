"""Groups of runs that differ only in their seed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from mtl_core.store.records import RunRecord

SEED = "training.seed"


class RunSettings(Protocol):
    """A run with its settings by path."""

    @property
    def run(self) -> RunRecord:
        """The run."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """Every setting of it by its path."""
        ...


Entry = TypeVar("Entry", bound=RunSettings)
Entry_co = TypeVar("Entry_co", bound=RunSettings, covariant=True)


@dataclass(frozen=True)
class SeedGroup(Generic[Entry_co]):
    """Runs that share a column of the table of test metrics.

    Attributes:
        entries: The runs that count, one per seed, in the order in which they are shown.
        repeated: Older runs of a seed, which do not count.
    """

    entries: tuple[Entry_co, ...]
    repeated: tuple[Entry_co, ...] = ()

    @property
    def first(self) -> Entry_co:
        """The run that names the column."""
        return self.entries[0]


def seed_groups(entries: Sequence[Entry], scored: Collection[int] = ()) -> tuple[SeedGroup[Entry], ...]:
    """Group runs that differ only in the seed, in the order of the first run of each group.

    Several runs of one seed are the same measurement, so only the newest with test scores counts.

    Args:
        entries: The runs.
        scored: The runs that have test scores.
    """
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        settings = {path: value for path, value in entry.settings.items() if path not in (SEED, "name")}
        groups.setdefault(repr(sorted(settings.items(), key=lambda item: item[0])), []).append(entry)
    return tuple(_group(group, scored) for group in groups.values())


def repeated_text(groups: Sequence[SeedGroup[Any]]) -> str:
    """Lists the runs that do not count because their seed was run again; empty if all count."""
    parts = []
    for group in groups:
        counted_runs = {entry.run.seed: entry.run.id for entry in group.entries}
        for entry in group.repeated:
            parts.append(f"run {entry.run.id} (seed {entry.run.seed} again in run {counted_runs[entry.run.seed]})")
    return f"A seed counts once, by its newest run. Not counted: {', '.join(parts)}." if parts else ""


def _group(entries: Sequence[Entry], scored: Collection[int]) -> SeedGroup[Entry]:
    newest: dict[int, Entry] = {}
    for entry in entries:
        previous = newest.get(entry.run.seed)
        if previous is None or _rank(entry, scored) > _rank(previous, scored):
            newest[entry.run.seed] = entry
    counted_runs = {entry.run.id for entry in newest.values()}
    return SeedGroup(
        tuple(entry for entry in entries if entry.run.id in counted_runs),
        tuple(entry for entry in entries if entry.run.id not in counted_runs),
    )


def _rank(entry: RunSettings, scored: Collection[int]) -> tuple[bool, int]:
    return entry.run.id in scored, entry.run.id

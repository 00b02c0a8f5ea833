"""Groups of runs with equal values of some columns: what a line says of all its runs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.formatting import format_metric_short, format_quantity
from app.tables.run_columns import RunColumn, leading_scores
from app.tables.run_rows import RunRow
from mtl_core.analysis.statistics import Spread

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

OPEN, CLOSED = "▾", "▸"
_MOST_SCORES = 2
_FAST = 100
"""Runs of which the text of a cell is computed as soon as it is painted."""


@dataclass(eq=False)
class RunGroup:
    """Runs that have the same values of the columns by which the table is grouped.

    Attributes:
        values: The value of each column as text; empty for runs that have none.
        titles: The names of the columns.
        rows: The runs, sorted.
        is_open: Whether its runs have lines of their own below it.
    """

    values: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[RunRow, ...]
    is_open: bool = False
    _spreads: dict[str, Spread] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The values in a line, with the names of their columns if there are several."""
        if len(self.values) == 1:
            return self.values[0] or "not set"
        pairs = zip(self.titles, self.values, strict=True)
        return " · ".join(f"{title} {value or 'not set'}" for title, value in pairs)

    def spread(self, column: RunColumn) -> Spread:
        """Mean and standard deviation of the numbers of a column."""
        if column.key not in self._spreads:
            numbers = [value for row in self.rows if isinstance(value := column.value(row), int | float)]
            self._spreads[column.key] = Spread.of(numbers)
        return self._spreads[column.key]

    def text(self, column: RunColumn) -> str:
        """The text of a cell: mean ± standard deviation of numbers, or the value that all runs have in common."""
        if column.key == "name":  # depends on whether it is open
            return self._make_text(column)
        if column.key not in self._texts:
            self._texts[column.key] = self._make_text(column)
        return self._texts[column.key]

    def is_ready(self, column: RunColumn) -> bool:
        """Whether the text of a cell is known, or fast to compute."""
        return len(self.rows) <= _FAST or column.key in self._texts or column.key in {"name", "id", "star"}

    def tip(self, column: RunColumn) -> str:
        """The tooltip of a cell, with the number of values."""
        if column.format is not None and (spread := self.spread(column)):
            return f"{column.title}: {self.text(column)}, n = {len(spread.values)}"
        pairs = zip(self.titles, self.values, strict=True)
        named = ", ".join(f"{title} {value or 'not set'}" for title, value in pairs)
        return f"{named}: {format_quantity(len(self.rows), 'run')}"

    def _make_text(self, column: RunColumn) -> str:
        match column.key:
            case "star" | "id" | "started" | "notes":
                return ""
            case "name":
                return f"{OPEN if self.is_open else CLOSED} {self.name} ({len(self.rows)})"
            case "scores":
                return self._scores()
        if column.format is not None and (column.numeric or self.spread(column)):
            spread = self.spread(column)
            if len(spread.values) < 2:
                return column.format(spread.mean) if spread else ""
            n = f" ({len(spread.values)})" if len(spread.values) != len(self.rows) else ""
            return f"{column.format(spread.mean)} ± {column.format(spread.sd).lstrip('+')}{n}"
        texts = {column.text(row) for row in self.rows}
        return texts.pop() if len(texts) == 1 else f"{len(texts)} values"

    def _scores(self) -> str:
        """Mean and standard deviation of each task's score, of at most two tasks."""
        values: dict[SeriesKey, list[float]] = {}
        for row in self.rows:
            for key, value in leading_scores(row).items():
                values.setdefault(key, []).append(value)
        spreads = [(key.metric, Spread.of(scores)) for key, scores in values.items()]
        texts = [f"{metric} {_short(spread)}" for metric, spread in spreads if spread]
        return " · ".join(texts if len(texts) <= _MOST_SCORES else [*texts[:_MOST_SCORES], "…"])


def _short(spread: Spread) -> str:
    mean = format_metric_short(spread.mean)
    return mean if len(spread.values) < 2 else f"{mean} ± {format_metric_short(spread.sd)}"


def group_rows(
    rows: Iterable[RunRow],
    by: Sequence[RunColumn],
    sorted_by: RunColumn,
    *,
    descending: bool,
    opened: set[tuple[str, ...]],
    previous: Iterable[RunGroup] = (),
) -> list[RunGroup]:
    """Group sorted rows; groups are sorted by the mean of a column of numbers, else as their first rows.

    Args:
        rows: The rows, sorted.
        by: The columns; runs with the same values of all of them are a group.
        sorted_by: The column by which the rows are sorted.
        descending: Whether they are sorted downwards.
        opened: The values of the groups that are open.
        previous: Groups made before; what was computed of those that have the same runs still is used again.
    """
    members: dict[tuple[str, ...], list[RunRow]] = {}
    for row in rows:
        members.setdefault(tuple(column.text(row) for column in by), []).append(row)
    titles = tuple(column.title for column in by)
    before = {(group.titles, group.values): group for group in previous}
    groups = []
    for values, runs in members.items():
        group = RunGroup(values, titles, tuple(runs), values in opened)
        old = before.get((titles, values))
        if old is not None and {*map(id, old.rows)} == {*map(id, runs)}:
            group._spreads, group._texts = old._spreads, old._texts
        groups.append(group)
    if sorted_by.format is None:
        return groups
    means = [group.spread(sorted_by).mean for group in groups]
    known = [i for i, mean in enumerate(means) if not math.isnan(mean)]
    known.sort(key=means.__getitem__, reverse=descending)
    return [groups[i] for i in known] + [groups[i] for i, mean in enumerate(means) if math.isnan(mean)]

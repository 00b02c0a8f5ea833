"""All series of a run, filled from the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from app.plots.curves.series_buffer import SeriesBuffer

if TYPE_CHECKING:
    from mtl_core.store import Points, SeriesKey


class RunCurves:
    """All series of one run so far."""

    def __init__(self) -> None:
        self._series: dict[SeriesKey, SeriesBuffer] = {}

    def append(self, points: Mapping[SeriesKey, Points], *, reset: bool) -> set[SeriesKey]:
        """Add points, after removing all previous ones if ``reset``; return the changed series."""
        removed = set(self._series) if reset else set()
        if reset:
            self._series = {}
        for key, new in points.items():
            self._series.setdefault(key, SeriesBuffer()).extend(new.steps, new.values)
        return removed | set(points)

    def get(self, key: SeriesKey) -> SeriesBuffer:
        """A series; empty if it has no points."""
        return self._series.get(key) or SeriesBuffer()

    def names(self) -> Collection[SeriesKey]:
        """The series that have points."""
        return self._series.keys()

    def at(self, step: float, keys: Iterable[SeriesKey]) -> dict[SeriesKey, float]:
        """The newest value up to a step, of those of the series that have one."""
        values = ((key, self.get(key).value_at(step)) for key in keys)
        return {key: value for key, value in values if value is not None}

    def latest(self) -> dict[SeriesKey, float]:
        """The newest value of every series."""
        return {key: float(series.values[-1]) for key, series in self._series.items()}

"""What a series comes to in one row: last, lowest, highest, best and its step."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.records import Points


@dataclass(frozen=True)
class Totals:
    """A summary in the making; NaN counts as the last value and never as lowest, highest or best."""

    COLUMNS: ClassVar = ("direction", "count", "last", "last_step", "min", "max", "best", "best_step")

    direction: Direction
    count: int = 0
    last: float = math.nan
    last_step: int = 0
    min: float = math.nan
    max: float = math.nan
    best: float = math.nan
    best_step: int | None = None

    def with_points(self, new: Points) -> Self:
        """The summary after some more points, at least one."""
        total = replace(
            self,
            count=self.count + len(new),
            last=float(new.values[-1]),
            last_step=int(new.steps[-1]),
            min=float(np.fmin(self.min, np.fmin.reduce(new.values))),
            max=float(np.fmax(self.max, np.fmax.reduce(new.values))),
        )
        best = total._extreme()
        if math.isnan(best) or best == self.best:
            return replace(total, best=best)
        first = int(np.argmax(new.values == best))
        return replace(total, best=best, best_step=int(new.steps[first]))

    def row(self) -> dict[str, Any]:
        """Its columns by name."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def _extreme(self) -> float:
        return {"min": self.min, "max": self.max, "": math.nan}[self.direction]


def direction_of(key: SeriesKey, directions: Mapping[Any, Direction]) -> Direction:
    """Which end of a series is better: as stated for it or for its metric; a loss is better low."""
    return directions.get(key) or directions.get(key.metric) or ("min" if key.metric == "loss" else "")

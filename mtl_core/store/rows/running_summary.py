"""Summary of a series that is updated as points arrive: last, lowest, highest and best value."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.store.records import Points


@dataclass(frozen=True)
class RunningSummary:
    """Summary of the points of a series so far; NaN counts as last value, never as lowest, highest or best."""

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
        """Return the summary after at least one more point."""
        updated = replace(
            self,
            count=self.count + len(new),
            last=float(new.values[-1]),
            last_step=int(new.steps[-1]),
            min=float(np.fmin(self.min, np.fmin.reduce(new.values))),
            max=float(np.fmax(self.max, np.fmax.reduce(new.values))),
        )
        best = updated._best_value()
        if math.isnan(best) or best == self.best:
            return replace(updated, best=best)
        first = int(np.argmax(new.values == best))
        return replace(updated, best=best, best_step=int(new.steps[first]))

    def row(self) -> dict[str, Any]:
        """Return its columns of the table of summaries."""
        return {name: getattr(self, name) for name in self.COLUMNS}

    def _best_value(self) -> float:
        return {"min": self.min, "max": self.max, "": math.nan}[self.direction]


def direction_of(key: SeriesKey, directions: Mapping[Any, Direction]) -> Direction:
    """Return the direction of a series: as given for the series or for its metric; ``min`` for a loss."""
    return directions.get(key) or directions.get(key.metric) or ("min" if key.metric == "loss" else "")

"""Growing arrays of steps and values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.plots.decimation import Floats


class SeriesBuffer:
    """Steps and values of one series, appended in amortized constant time.

    The arrays handed out are views of a buffer whose filled part is never written again, so another
    thread may read them while points are appended.
    """

    def __init__(self) -> None:
        self._steps = np.empty(256)
        self._values = np.empty(256)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> Floats:
        """``[N]`` steps so far."""
        return self._steps[: self._count]

    @property
    def values(self) -> Floats:
        """``[N]`` values so far."""
        return self._values[: self._count]

    def extend(self, steps: Floats | NDArray[np.int64], values: Floats) -> None:
        """Appends points; both arrays have the same length."""
        count = self._count + len(steps)
        if count > self._steps.size:
            self._grow(max(count, 2 * self._steps.size))
        self._steps[self._count : count] = steps
        self._values[self._count : count] = values
        self._count = count

    def last(self) -> float | None:
        """The newest value; None if there is none."""
        return float(self._values[self._count - 1]) if self._count else None

    def value_at(self, step: float) -> float | None:
        """The newest value up to a step; None if there is none."""
        index = int(self.steps.searchsorted(step, "right")) - 1
        return float(self._values[index]) if index >= 0 else None

    def _grow(self, size: int) -> None:
        steps, values = np.empty(size), np.empty(size)
        steps[: self._count], values[: self._count] = self.steps, self.values
        self._steps, self._values = steps, values

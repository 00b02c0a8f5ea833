"""The speed of a run, averaged over its recent past."""

import math

SECONDS = 30.0
"""How far back the average remembers: what is older counts for less than 1/e."""


class Speed:
    """Steps a second as a moving average.

    Steps and seconds are summed with the same decay and divided afterwards, so that a slow validation or a busy moment
    moves the average by its share of the time only, and there is no bias at the beginning.
    """

    def __init__(self) -> None:
        self._steps = self._seconds = 0.0

    def add(self, steps: int, seconds: float) -> None:
        """Take in that so many steps took so long."""
        decay = math.exp(-max(seconds, 0.0) / SECONDS)
        self._steps = self._steps * decay + steps
        self._seconds = self._seconds * decay + max(seconds, 0.0)

    @property
    def steps_per_second(self) -> float:
        """The average; 0 while nothing is known."""
        return self._steps / self._seconds if self._seconds > 0 else 0.0

    def seconds_for(self, steps: int) -> float:
        """Expected time for some more steps; 0 while nothing is known."""
        return steps / self.steps_per_second if self.steps_per_second > 0 else 0.0

"""Speed of the steps of a run as an exponential moving average."""

import math

AVERAGING_SECONDS = 30.0
"""Time constant of the average: older steps have a weight below 1/e."""


class Throughput:
    """Exponential moving average of steps per second.

    Steps and seconds are summed with the same decay and divided afterwards, so that a busy moment moves the average by
    its share of the time only, and there is no bias at the beginning.
    """

    def __init__(self) -> None:
        self._steps = self._seconds = 0.0

    def add(self, steps: int, seconds: float) -> None:
        """Add steps and the time they took."""
        decay = math.exp(-max(seconds, 0.0) / AVERAGING_SECONDS)
        self._steps = self._steps * decay + steps
        self._seconds = self._seconds * decay + max(seconds, 0.0)

    @property
    def steps_per_second(self) -> float:
        """The average; 0 before the first measurement."""
        return self._steps / self._seconds if self._seconds > 0 else 0.0

    def seconds_for(self, steps: int) -> float:
        """Return the expected time of further steps; 0 before the first measurement."""
        return steps / self.steps_per_second if self.steps_per_second > 0 else 0.0

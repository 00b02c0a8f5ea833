"""Estimate of the remaining time of a run: of its steps, its validations and its checkpoints."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mtl_core.training.metrics.throughput import Throughput
from mtl_core.training.persistence.checkpoints import read_number

VALIDATION, CHECKPOINT = "validation", "checkpoint"
_LEAST_INTERVAL = 0.3
"""Checkpoints are at least so many seconds apart, as the trainer looks for requests and saves at this interval."""


class RemainingTime:
    """Measures what a run spends its time on, and estimates how long the rest takes.

    The speed is that of the steps since the last :meth:`restart`, without the first one, which often takes longer
    because memory is allocated and code is compiled. Validations and checkpoints are measured apart from the steps and
    kept over a restart, as a run that was resumed a moment ago has had none yet.

    Args:
        clock: Returns seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._durations: dict[str, float] = {}
        self._inside = False
        self._checkpoint_time = clock()
        self.restart(0)

    def restart(self, step: int) -> None:
        """Start at a step, and forget the speed of the steps before."""
        self._first_step, self._throughput = Throughput(), Throughput()
        self._time, self._step, self._excluded = self._clock(), step, 0.0

    def add_steps(self, step: int) -> float:
        """Measure the steps since the last call, up to a step.

        Returns:
            Steps a second since the last call, with all that stood between them; 0 if there were none.
        """
        now, before = self._clock(), self._time
        count, seconds = step - self._step, now - before - self._excluded
        self._time, self._step, self._excluded = now, step, 0.0
        if self.steps_per_second > 0:
            self._throughput.add(count, seconds)
        elif count:
            self._first_step.add(count, seconds)
        return count / (now - before) if count and now > before else 0.0

    @contextmanager
    def measure(self, what: str) -> Iterator[None]:
        """Measure a validation or a checkpoint; inside another measurement it counts as part of that one."""
        if self._inside:
            yield
            return
        self._inside, begin = True, self._clock()
        try:
            yield
        finally:
            self._inside = False
            end = self._clock()
            self._excluded += end - begin
            self._durations[what] = (self._durations.get(what, end - begin) + end - begin) / 2
            if what == CHECKPOINT:
                self._checkpoint_time = end

    @property
    def steps_per_second(self) -> float:
        """The speed of the steps alone; 0 before one was measured."""
        return self._throughput.steps_per_second or self._first_step.steps_per_second

    def seconds(self, *, steps: int, validations: float, checkpoint_seconds: float) -> float:
        """Return the estimated time of what remains; 0 before a step was measured.

        Args:
            steps: Steps that remain.
            validations: Validations that remain; a test counts by its rows.
            checkpoint_seconds: Interval between two checkpoints.
        """
        if not self.steps_per_second:
            return 0.0
        stepping = steps / self.steps_per_second
        training = stepping + validations * self._durations.get(VALIDATION, 0.0)
        since_checkpoint, interval = self._clock() - self._checkpoint_time, max(checkpoint_seconds, _LEAST_INTERVAL)
        # Saved between steps, so once after a validation however long that takes; and at the end.
        most = math.floor((since_checkpoint + stepping) / interval) + math.ceil(validations)
        checkpoints = min(math.floor((since_checkpoint + training) / interval), most) + 1
        return training + checkpoints * self._durations.get(CHECKPOINT, 0.0)

    def state_dict(self) -> dict[str, float]:
        """Return the durations of a validation and of a checkpoint, in seconds, as far as they are known."""
        return dict(self._durations)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the durations.

        Raises:
            AttributeError, TypeError, ValueError: They are no numbers.
        """
        self._durations = {str(what): max(read_number(seconds), 0.0) for what, seconds in state.items()}

"""Warnings about losses at or below the lower bound that a weighting method needs."""

from collections.abc import Sequence

import numpy as np

from mtl_core.spec.weighting import Weighting
from mtl_core.training.metrics.step_buffer import StepRecords


class LossFloor:
    """Detects the first step at which a task's loss is too low for the weighting method.

    Args:
        weighting: Spec of the method, which gives the lower bounds.
        tasks: Names of the tasks.
    """

    def __init__(self, weighting: Weighting, tasks: Sequence[str]) -> None:
        floors = [weighting.floor(task) for task in tasks]
        self._tasks, self._title = tuple(tasks), weighting.title
        self._floors = np.array([-np.inf if floor is None else floor for floor in floors])
        self._unwarned = np.isfinite(self._floors)

    def warnings(self, records: StepRecords) -> list[tuple[int, str]]:
        """Return step and message for each task whose loss is too low for the first time."""
        if not self._unwarned.any():
            return []
        too_low = (records.losses <= self._floors) & self._unwarned
        warnings = []
        for task in np.flatnonzero(too_low.any(axis=0)).tolist():
            first = int(too_low[:, task].argmax())
            self._unwarned[task] = False
            warnings.append((int(records.steps[first]), self._message(task, float(records.losses[first, task]))))
        return warnings

    def _message(self, task: int, loss: float) -> str:
        return (
            f"the loss of task {self._tasks[task]!r} is {loss:.4g}, and {self._title} needs losses above "
            f"{self._floors[task]:g}: the task may hardly train, or drown the others, from here on. "
            "Take another loss for it, or a weighting method that takes any loss, such as equal or mgda."
        )

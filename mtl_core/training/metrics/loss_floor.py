"""Losses at or below what a weighting method needs them to stay above."""

from collections.abc import Sequence

import numpy as np

from mtl_core.spec.weighting import Weighting
from mtl_core.training.metrics.step_buffer import Page


class LossFloor:
    """Finds the first step at which each task's loss is too low for the method.

    Args:
        weighting: The method.
        tasks: The tasks' names.
    """

    def __init__(self, weighting: Weighting, tasks: Sequence[str]) -> None:
        floors = [weighting.floor(task) for task in tasks]
        self._tasks, self._title = tuple(tasks), weighting.title
        self._floors = np.array([-np.inf if floor is None else floor for floor in floors])
        self._open = np.isfinite(self._floors)

    def warnings(self, page: Page) -> list[tuple[int, str]]:
        """Steps and messages, one for each task whose loss is too low for the first time."""
        if not self._open.any():
            return []
        low = (page.losses <= self._floors) & self._open
        result = []
        for task in np.flatnonzero(low.any(axis=0)).tolist():
            row = int(low[:, task].argmax())
            self._open[task] = False
            result.append((int(page.steps[row]), self._text(task, float(page.losses[row, task]))))
        return result

    def _text(self, task: int, loss: float) -> str:
        return (
            f"the loss of task {self._tasks[task]!r} is {loss:.4g}, and {self._title} needs losses above "
            f"{self._floors[task]:g}: the task may hardly train, or drown the others, from here on. "
            "Take another loss for it, or a weighting method that takes any loss, such as equal or mgda."
        )

"""Buffer of per-step losses, weights and learning rates, kept on the device until it is drained."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class DivergedError(ArithmeticError):
    """A task's loss is NaN or infinite.

    Args:
        task: Name of the task.
        step: The step at which it was computed, from 0.
        value: The loss.
        weight: Its weight in the update; NaN if unknown.
    """

    def __init__(self, task: str, step: int, value: float, weight: float = math.nan) -> None:
        self.task, self.step, self.value, self.weight = task, step, value, weight
        super().__init__(f"the loss of task {task!r} became {value} at step {step}")


@dataclass(frozen=True)
class StepRecords:
    """Losses, weights and learning rates of n consecutive steps.

    Attributes:
        steps: ``[n]`` numbers of the steps.
        losses: ``[n, K]``; NaN where a task had no label in the batch.
        weights: ``[n, K]`` loss weights.
        lrs: ``[n]`` learning rates.
        diverged: The error of the step after these, which is not included; None if all losses are finite.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float64]
    weights: NDArray[np.float64]
    lrs: NDArray[np.float64]
    diverged: DivergedError | None = None


class StepBuffer:
    """Collects each step's losses and weights without synchronizing with the device.

    Args:
        tasks: Names of the tasks.
    """

    def __init__(self, tasks: tuple[str, ...]) -> None:
        self._tasks = tasks
        self._losses: list[Tensor] = []
        self._weights: list[Tensor] = []
        self._lrs: list[float] = []
        self._unlabeled: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._lrs)

    def add(
        self, losses: Sequence[Tensor], weights: Tensor | None, lr: float, present: tuple[bool, ...] | None
    ) -> None:
        """Add a step.

        Args:
            losses: K detached 0-d tensors.
            weights: ``[K]`` loss weights, or None if they are constant.
            lr: The learning rate.
            present: For each task whether the batch had a label of it, or None if all had.
        """
        if present is not None and not all(present):
            self._unlabeled += [(len(self._lrs), i) for i, labeled in enumerate(present) if not labeled]
        self._losses.extend(losses)
        if weights is not None:
            self._weights.append(weights)
        self._lrs.append(lr)

    def drain(self, end: int, constant_weights: Tensor) -> StepRecords:
        """Empty the buffer and return its steps, up to the first whose losses are not finite.

        Args:
            end: The number of steps done.
            constant_weights: ``[K]`` loss weights, used if none were added with the steps.
        """
        count, task_count = len(self._lrs), len(self._tasks)
        losses = torch.stack(self._losses).view(count, task_count).double().cpu().numpy()
        if self._weights:
            weights = torch.stack(self._weights).double().cpu().numpy()
        else:
            weights = np.repeat(constant_weights.double().cpu().numpy()[None], count, axis=0)
        steps, lrs = np.arange(end - count, end), np.array(self._lrs)
        valid, diverged = count, None
        if len(not_finite := np.argwhere(~np.isfinite(losses))):
            valid, column = map(int, not_finite[0])
            loss, weight = float(losses[valid, column]), float(weights[valid, column])
            diverged = DivergedError(self._tasks[column], int(steps[valid]), loss, weight)
        for step_index, column in self._unlabeled:
            losses[step_index, column] = np.nan
        self._losses, self._weights, self._lrs, self._unlabeled = [], [], [], []
        return StepRecords(steps[:valid], losses[:valid], weights[:valid], lrs[:valid], diverged)

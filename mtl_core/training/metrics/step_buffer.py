"""What the steps since the last report left: kept on the device, copied out a few times a second."""

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
        task: Whose loss.
        step: The step at which it was computed, from 0.
        value: What it was.
        weight: What it weighed in the update; NaN where that is not known.
    """

    def __init__(self, task: str, step: int, value: float, weight: float = math.nan) -> None:
        self.task, self.step, self.value, self.weight = task, step, value, weight
        super().__init__(f"the loss of task {task!r} became {value} at step {step}")


@dataclass(frozen=True)
class Page:
    """The steps ``first … first+n-1``.

    Attributes:
        steps: ``[n]``.
        losses: ``[n, K]``; NaN where a task had no label in the batch.
        weights: ``[n, K]`` the loss weights in use.
        rates: ``[n]`` learning rates.
        diverged: What is wrong with the step after these, which is not among them; None when all is well.
    """

    steps: NDArray[np.int64]
    losses: NDArray[np.float64]
    weights: NDArray[np.float64]
    rates: NDArray[np.float64]
    diverged: DivergedError | None = None


class Ledger:
    """Collects each step's losses and weights without waiting for the device.

    Args:
        tasks: The tasks' names.
    """

    def __init__(self, tasks: tuple[str, ...]) -> None:
        self._tasks = tasks
        self._losses: list[Tensor] = []
        self._weights: list[Tensor] = []
        self._rates: list[float] = []
        self._absent: list[tuple[int, int]] = []

    def __len__(self) -> int:
        return len(self._rates)

    def add(
        self, losses: Sequence[Tensor], weights: Tensor | None, rate: float, present: tuple[bool, ...] | None
    ) -> None:
        """Note a step.

        Args:
            losses: K 0-d tensors without graph.
            weights: ``[K]``, or None when they have not changed since the step before.
            rate: The learning rate.
            present: Which tasks had a label, or None for all.
        """
        if present is not None and not all(present):
            self._absent += [(len(self._rates), i) for i, here in enumerate(present) if not here]
        self._losses.extend(losses)
        if weights is not None:
            self._weights.append(weights)
        self._rates.append(rate)

    def take(self, end: int, constant: Tensor) -> Page:
        """The noted steps up to the first whose losses are not finite; the ledger is empty afterwards.

        Args:
            end: The number of steps done.
            constant: ``[K]`` the weights in use, when they were not noted step by step.
        """
        count, width = len(self._rates), len(self._tasks)
        losses = torch.stack(self._losses).view(count, width).double().cpu().numpy()
        if self._weights:
            weights = torch.stack(self._weights).double().cpu().numpy()
        else:
            weights = np.repeat(constant.double().cpu().numpy()[None], count, axis=0)
        steps, rates = np.arange(end - count, end), np.array(self._rates)
        good, diverged = count, None
        if len(bad := np.argwhere(~np.isfinite(losses))):
            good, column = map(int, bad[0])
            loss, weight = float(losses[good, column]), float(weights[good, column])
            diverged = DivergedError(self._tasks[column], int(steps[good]), loss, weight)
        for row, column in self._absent:
            losses[row, column] = np.nan
        self._losses, self._weights, self._rates, self._absent = [], [], [], []
        return Page(steps[:good], losses[:good], weights[:good], rates[:good], diverged)

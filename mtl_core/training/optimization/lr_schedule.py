"""The learning rate through a run: what the schedule says, and what the results say on a plateau."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from torch.optim import Optimizer

from mtl_core.spec import TrainingSpec, learning_rate
from mtl_core.spec.training.schedules import ConstantSchedule, PlateauSchedule
from mtl_core.training.optimization.optimizers import set_rate
from mtl_core.training.persistence.checkpoints import count, number


@dataclass
class Plateau:
    """Counts the epochs in which a value has not improved, and drops the rate.

    It is torch's ``ReduceLROnPlateau`` with an absolute threshold, but for the first drop, which comes after
    ``patience`` such epochs, as early stopping does, instead of one later.

    Attributes:
        factor: What is left of the rate.
        best: The last value that was better than the one before by more than ``min_delta``; NaN before the first.
        waited: Epochs since then, or since the last drop.
        resting: Epochs of the cooldown that are left.
    """

    factor: float = 1.0
    best: float = math.nan
    waited: int = 0
    resting: int = 0

    def note(self, schedule: PlateauSchedule, direction: Literal["min", "max"], value: float) -> None:
        """Take in an epoch's value. Waiting begins with the first one that is a number."""
        gain = self.best - value if direction == "min" else value - self.best
        if gain > schedule.min_delta or (math.isnan(self.best) and not math.isnan(value)):
            self.best, self.waited = value, 0
        elif not math.isnan(self.best):
            self.waited += 1
        if self.resting:
            self.resting, self.waited = self.resting - 1, 0
        if self.waited >= schedule.patience:
            self.factor = max(self.factor * schedule.gamma, schedule.final)
            self.waited, self.resting = 0, schedule.cooldown


class Rate:
    """Sets the learning rate of every group of an optimiser before each step.

    Args:
        training: Schedule and optimiser.
        optimizer: Whose rate.
        steps: All steps of the run.
        steps_per_epoch: Steps in an epoch.

    Attributes:
        now: The learning rate in use, without the factors of the groups.
    """

    def __init__(
        self,
        training: TrainingSpec,
        optimizer: Optimizer,
        steps: int,
        steps_per_epoch: int,
    ) -> None:
        self.now = training.optimizer.lr
        self._schedule, self._peak = training.schedule, training.optimizer.lr
        self._optimizer = optimizer
        self._steps, self._steps_per_epoch = steps, steps_per_epoch
        self._plateau = Plateau()
        self._stays = isinstance(training.schedule, ConstantSchedule) and training.schedule.warmup_steps == 0

    def before_step(self, step: int) -> None:
        """Set the rates of a step."""
        if self._stays:
            return
        planned = learning_rate(self._schedule, self._peak, step, self._steps, self._steps_per_epoch)
        self.now = planned * self._plateau.factor
        set_rate(self._optimizer, self.now)

    def after_epoch(self, value: float, direction: Literal["min", "max"]) -> None:
        """Take in the monitored value of an epoch, and which way it is better."""
        if isinstance(self._schedule, PlateauSchedule):
            self._plateau.note(self._schedule, direction, value)

    def restart(self) -> None:
        """Wait anew: from here on another value is monitored. The rate stays as far down as it is."""
        self._plateau.best, self._plateau.waited = math.nan, 0

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return asdict(self._plateau)

    def restore(self, state: dict[str, Any]) -> None:
        """Take back a kept state.

        Raises:
            TypeError, ValueError: It is none.
        """
        plateau = Plateau(**state)
        for value in (plateau.factor, plateau.best):
            number(value)
        for value in (plateau.waited, plateau.resting):
            count(value)
        self._plateau = plateau

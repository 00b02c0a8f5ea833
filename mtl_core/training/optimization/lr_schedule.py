"""Learning rate schedule of a run, with reduction on a plateau."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch.optim import Optimizer

from mtl_core.spec import TrainingSpec, learning_rate
from mtl_core.spec.training.schedules import ConstantSchedule, PlateauSchedule
from mtl_core.training.optimization.optimizers import set_lr
from mtl_core.training.persistence.checkpoints import read_count, read_number

_STATE_ATTRIBUTES = {
    "factor": "factor",
    "best": "best",
    "waited": "num_bad_epochs",
    "resting": "cooldown_counter",
}
"""Attribute of the plateau for each value of a saved state."""


@dataclass
class Plateau:
    """Reduces the learning rate when a value has stopped improving.

    Like ``torch.optim.lr_scheduler.ReduceLROnPlateau`` with an absolute threshold, except that the first reduction
    comes after ``patience`` epochs without improvement, like early stopping, instead of one epoch later.

    Attributes:
        factor: Current factor of the learning rate.
        best: The last value that improved by more than ``min_delta``; NaN before the first.
        num_bad_epochs: Epochs without improvement, since the last reduction.
        cooldown_counter: Remaining epochs of the cooldown.
    """

    factor: float = 1.0
    best: float = math.nan
    num_bad_epochs: int = 0
    cooldown_counter: int = 0

    def update(self, schedule: PlateauSchedule, direction: Literal["min", "max"], value: float) -> None:
        """Update with an epoch's value. Epochs before the first defined value do not count."""
        gain = self.best - value if direction == "min" else value - self.best
        if gain > schedule.min_delta or (math.isnan(self.best) and not math.isnan(value)):
            self.best, self.num_bad_epochs = value, 0
        elif not math.isnan(self.best):
            self.num_bad_epochs += 1
        if self.cooldown_counter:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs >= schedule.patience:
            self.factor = max(self.factor * schedule.gamma, schedule.final)
            self.num_bad_epochs, self.cooldown_counter = 0, schedule.cooldown


class LRSchedule:
    """Sets the learning rate of every parameter group before each step.

    Args:
        training: Settings of schedule and optimizer.
        optimizer: The optimizer.
        steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.

    Attributes:
        lr: The current learning rate, without the factors of the groups.
    """

    def __init__(
        self,
        training: TrainingSpec,
        optimizer: Optimizer,
        steps: int,
        steps_per_epoch: int,
    ) -> None:
        self.lr = training.optimizer.lr
        self._schedule, self._peak = training.schedule, training.optimizer.lr
        self._optimizer = optimizer
        self._steps, self._steps_per_epoch = steps, steps_per_epoch
        self._plateau, self._tuning = Plateau(), training.fine_tuning
        self._restart = self._tuning.freeze_epochs * steps_per_epoch if self._tuning else None
        self._is_constant = (
            isinstance(training.schedule, ConstantSchedule)
            and training.schedule.warmup_steps == 0
            and self._tuning is None
        )

    def before_step(self, step: int) -> None:
        """Set the learning rates of a step; when fine-tuning unfreezes the shared layers, a plateau begins anew."""
        if self._is_constant:
            return
        if step == self._restart:
            self._plateau = Plateau()
        scheduled_lr = learning_rate(
            self._schedule, self._peak, step, self._steps, self._steps_per_epoch, tuning=self._tuning
        )
        self.lr = scheduled_lr * self._plateau.factor
        set_lr(self._optimizer, self.lr)

    def after_epoch(self, value: float, direction: Literal["min", "max"]) -> None:
        """Update the plateau with the monitored value of an epoch and its direction."""
        if isinstance(self._schedule, PlateauSchedule):
            self._plateau.update(self._schedule, direction, value)

    def reset_patience(self) -> None:
        """Restart the patience, as another value is monitored from now on; the rate stays reduced."""
        self._plateau.best, self._plateau.num_bad_epochs = math.nan, 0

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the plateau; the rest depends on the step only."""
        return {key: getattr(self._plateau, attribute) for key, attribute in _STATE_ATTRIBUTES.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state; that of the first release is empty.

        Raises:
            KeyError, TypeError, ValueError: It is not valid.
        """
        plateau = Plateau(**{_STATE_ATTRIBUTES[key]: value for key, value in state.items()})
        for value in (plateau.factor, plateau.best):
            read_number(value)
        for value in (plateau.num_bad_epochs, plateau.cooldown_counter):
            read_count(value)
        self._plateau = plateau

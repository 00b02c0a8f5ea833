"""Training step of several runs at once: one forward and backward pass of stacked models, one update."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.optim import Optimizer

from mtl_core.training.batching.batches import StackedBatch
from mtl_core.training.joint.stacked_model import StackedModels, check_stackable, stacked_losses
from mtl_core.training.optimization.lr_schedule import LRSchedule
from mtl_core.training.optimization.optimizer_state import OptimizerState
from mtl_core.training.optimization.optimizers import build_optimizer, set_lr
from mtl_core.training.persistence.stateful import Stateful
from mtl_core.training.run_state import RunState


class JointStep:
    """Trains several runs on one batch each, and logs their losses.

    The parameters of the models are stacked, their losses computed by ``torch.func.vmap`` and updated by one optimizer.

    Args:
        states: State of each run, before its first step.

    Raises:
        InputError: The models cannot be computed together.
    """

    def __init__(self, states: Sequence[RunState]) -> None:
        first, training = states[0], states[0].spec.training
        check_stackable(first.model, first.tasks, first.data.train)
        self._states, self._grad_clip = states, training.grad_clip
        self._stacked = StackedModels([state.model for state in states])
        self._optimizer = build_optimizer(training.optimizer, self._stacked.param_groups(training), ())
        self._lr_schedule = LRSchedule(training, self._optimizer, first.counters.steps, first.counters.steps_per_epoch)
        self._losses = stacked_losses(first.model, first.tasks, self._stacked.parameters)

    def __call__(self, batch: StackedBatch, active: Sequence[int]) -> None:
        """Do the step of a stacked batch.

        Args:
            batch: A batch for each run.
            active: Numbers of the runs that have not ended; all are at the same step.
        """
        self._lr_schedule.before_step(self._states[active[0]].step)
        weights = torch.stack([state.weighting.weights() for state in self._states])
        losses = self._losses(batch.inputs, batch.targets, batch.masks)
        self._optimizer.zero_grad()
        torch.autograd.backward(losses, weights)
        if self._grad_clip is not None:
            self._stacked.clip_grad_norm(self._grad_clip)
        self._optimizer.step()
        values, count = losses.detach().flatten().unbind(), losses.shape[1]
        for number in active:
            state = self._states[number]
            run_losses = values[number * count : (number + 1) * count]
            present = batch.present[number] if batch.present else None
            state.metric_log.log_step(run_losses, None, self._lr_schedule.lr, present)
            state.counters.step += 1

    def freeze_trunk(self, *, frozen: bool) -> None:
        """Freeze or unfreeze the shared layers of all models."""
        self._stacked.freeze_trunk(frozen=frozen)

    def optimizer_state(self, number: int) -> Stateful:
        """Return what a checkpoint of a run saves as the state of its optimizer."""
        return _OptimizerSlice(self._stacked, number, self._optimizer, self._lr_schedule, self._states[number])


class _OptimizerSlice:
    """A run's slice of the state of the joint optimizer, in the form of the run's own optimizer.

    Args:
        stacked: The stacked models.
        number: Number of the run among them.
        optimizer: The joint optimizer.
        lr_schedule: Its schedule.
        state: State of the run, whose own optimizer never steps.
    """

    def __init__(
        self, stacked: StackedModels, number: int, optimizer: Optimizer, lr_schedule: LRSchedule, state: RunState
    ) -> None:
        self._stacked, self._number = stacked, number
        self._optimizer, self._lr_schedule, self._run_optimizer = optimizer, lr_schedule, state.optimizer

    def state_dict(self) -> dict[str, Any]:
        """Copy the slice to the run's own optimizer, and return the state of that."""
        set_lr(self._run_optimizer, self._lr_schedule.lr)
        self._stacked.copy_optimizer_state(self._optimizer, self._run_optimizer, self._number)
        return OptimizerState(self._run_optimizer).state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Not supported: a run of a joint training is resumed alone."""
        raise NotImplementedError

"""Training step of a run: forward pass, gradients by the weighting method, penalties, update."""

from collections.abc import Callable, Sequence

import torch
from torch import nn

from mtl_core.spec import TOTAL
from mtl_core.training.batching.batches import Batch
from mtl_core.training.optimization.param_groups import WeightPenalties
from mtl_core.training.run_state import RunState
from mtl_core.training.step.forward import (
    PenaltyGradient,
    forward,
    mean_losses,
    needs_detached_representation,
    split_batch,
)
from mtl_core.training.step.forward_engine import build_forward_engine
from mtl_core.training.step.step_clock import StepClock
from mtl_core.weighting import ForwardPass
from mtl_core.weighting.gradients.diagnostics import agreement_series, measure_agreement, parameter_blocks


class TrainingStep:
    """Trains a run on one batch, and logs the losses.

    Args:
        state: State of the run.
        warn: Called with a message when the model cannot be compiled on this machine.
        clock: Times the parts of the steps.
    """

    def __init__(self, state: RunState, warn: Callable[[str], None], clock: StepClock) -> None:
        training = state.spec.training
        self._counters, self._tasks, self._task_names = state.counters, state.tasks, state.spec.task_names
        self._model, self._weighting, self._regularizer = state.model, state.weighting, state.regularizer
        self._optimizer, self._lr_schedule, self._loss_scaler = state.optimizer, state.lr_schedule, state.loss_scaler
        self._weight_average, self._metric_log, self._clock = state.weight_average, state.metric_log, clock
        self._forward_engine = build_forward_engine(state.model, training, state.loss_scaler, warn)
        self._weight_penalties = WeightPenalties(state.model, training)
        self._optimized_parameters = [p for group in state.optimizer.param_groups for p in group["params"]]
        self._trainable_parameters = [p for p in state.model.parameters() if p.requires_grad]
        self._grad_clip, self._comparison_interval = training.grad_clip, training.compare_gradients

    def __call__(self, batch: Batch) -> None:
        """Do the step of a batch."""
        counters, weighting, clock = self._counters, self._weighting, self._clock
        clock.enter("forward")
        self._lr_schedule.before_step(counters.step)
        parts = [batch] if weighting.batch_parts == 1 else split_batch(batch, weighting.batch_parts)
        self._loss_scaler.save_weighting_state(weighting)
        passes = self._compute_losses(parts)
        with clock.backward_passes():
            self._compute_gradients(passes, parts)
        clock.enter("optimizer")
        self._weight_penalties.add()
        if self._grad_clip is not None:
            nn.utils.clip_grad_norm_(self._trainable_parameters, self._grad_clip)
        if self._loss_scaler.accept_step(self._trainable_parameters, weighting):
            self._optimizer.step()
        self._weight_average.after_step(counters.step)
        if weighting.needs_losses_after_step:
            self._observe_updated_losses(batch)
        weights = None if weighting.constant else weighting.weights().clone()
        self._metric_log.log_step(mean_losses(passes), weights, self._lr_schedule.lr, batch.present)
        counters.step += 1
        clock.end()

    def _compute_losses(self, parts: Sequence[Batch]) -> list[ForwardPass]:
        engine = self._forward_engine
        engine.begin_step()
        detach = needs_detached_representation(self._weighting, engine)
        passes = [forward(engine, self._tasks, part, detach=detach) for part in parts]
        for parameter in self._optimized_parameters:  # zero_grad() without its hooks, which take 3 % of a small step
            parameter.grad = None
        return passes

    def _compute_gradients(self, passes: Sequence[ForwardPass], parts: Sequence[Batch]) -> None:
        """Compute the gradients of everything but the weight penalties, which need no graph."""
        clock, regularizer = self._clock, self._regularizer
        clock.enter("weighting")
        if self._comparison_interval is not None and self._counters.step % self._comparison_interval == 0:
            self._compare_gradients(passes[0])
        clock.enter("backward")
        penalty = self._forward_engine.penalty()
        penalty_gradient = None if penalty is None else PenaltyGradient(penalty, self._trainable_parameters)
        if regularizer is not None:
            regularizer.before_backward(passes, parts, self._trainable_parameters)
        clock.enter("weighting")
        self._weighting.backward_parts(passes, self._model)
        clock.enter("backward")
        if penalty_gradient is not None:
            penalty_gradient.add()
        if regularizer is not None:
            regularizer.after_backward()

    def _compare_gradients(self, forward_pass: ForwardPass) -> None:
        similarities = measure_agreement(forward_pass, parameter_blocks(self._model, self._model.shared_parameters()))
        self._metric_log.log_values(self._counters.step, agreement_series(similarities, self._task_names, TOTAL))

    @torch.no_grad()
    def _observe_updated_losses(self, batch: Batch) -> None:
        self._clock.enter("forward")
        forward_pass = forward(self._forward_engine, self._tasks, batch, detach=False)
        self._weighting.observe(torch.stack(list(forward_pass.losses)), batch.present)

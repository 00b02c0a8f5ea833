"""Training loop of a run: epochs, steps, validation, test, and requests made while it trains."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from mtl_core.protocol.events import EpochEvent, ForgettingEvent, PauseEvent, ResumeEvent
from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
)
from mtl_core.protocol.states import ResultState
from mtl_core.spec import TOTAL
from mtl_core.tasks.undefined_metrics import undefined_metrics
from mtl_core.training.batching.batches import Batch
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.metrics.validation import Scores, total_loss
from mtl_core.training.run_state import RunState
from mtl_core.training.runtime.threads import use_threads
from mtl_core.training.step.forward import PenaltyGradient, forward, mean_losses, needs_graph_cut, split_batch
from mtl_core.training.transfer.initial_weights import freeze_trunk
from mtl_core.training.transfer.regularizers import ContinualRegularizer
from mtl_core.weighting import ForwardPass
from mtl_core.weighting.gradients.diagnostics import agreement_series, measure_agreement, parameter_blocks

TICK_SECONDS = 0.3
"""Interval at which losses are flushed, requests read and progress reported."""
PAUSE_SECONDS = 0.1
"""Interval at which a paused run reads requests."""


class StoppedError(Exception):
    """A request asked the run to stop; its results so far are kept."""


@dataclass(frozen=True)
class TrainingResult:
    """Result of a training.

    Attributes:
        state: ``finished`` or ``stopped``.
        steps: Steps done.
        best_step: Step with the best monitored value; -1 without a validated epoch.
        test: Test metrics of the best model.
    """

    state: ResultState
    steps: int
    best_step: int
    test: Scores


class Trainer(RunState):
    """Trains one run of an experiment."""

    def run(self) -> TrainingResult:
        """Train until the last epoch, early stopping or a stop request.

        Returns:
            The result; series, events and checkpoints are with the recorder.

        Raises:
            DivergedError: A loss became NaN or infinite; checkpoints written before remain.
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        self._next_tick = self._last_save = time.perf_counter()
        self.metric_log.start_clock(self.step)
        row = self.data.train.inputs[:1].to(self.device)
        with use_threads(self.model, row, self.train.batch_size, self._threads) as self._threads:
            return self._run()

    def _run(self) -> TrainingResult:
        self.model.train()
        state: ResultState = "finished"
        if self.regularizer is not None and not self.regularizer.initial_scores:
            self.regularizer.start(self.data, self._scorer(self.model, self.test))
            if self.regularizer.warning:
                self.warn(self.regularizer.warning)
        try:
            while not self._is_done():
                self._train_epoch()
                self._end_epoch()
        except StoppedError:
            state = "stopped"
        self.save()
        self._report_progress()
        return TrainingResult(state, self.step, self.monitor.best_step, self._evaluate_test())

    def _is_done(self) -> bool:
        training = self.spec.training
        return self.epoch >= training.epochs or self.monitor.should_stop(training.early_stopping)

    def _train_epoch(self) -> None:
        freeze_trunk(self.model, frozen=self.epoch < self.spec.training.shared.freeze_epochs)
        if self.regularizer is not None:
            self.regularizer.begin_epoch()
        start = self.step - self.epoch * self.train.count
        for batch in self.train.iter_shuffled(self.spec.training.seed, self.epoch, start):
            self._manual_weights.apply_due(self.step)
            if time.perf_counter() >= self._next_tick:
                self._tick()
            self._train_step(batch)
        self.metric_log.collect(self.step, self.weighting.weights())

    def _train_step(self, batch: Batch) -> None:
        self.lr_schedule.before_step(self.step)
        weighting = self.weighting
        parts = [batch] if weighting.batch_parts == 1 else split_batch(batch, weighting.batch_parts)
        self.loss_scaler.save_weighting_state(weighting)
        self.forward_engine.begin_step()
        cut_graph = needs_graph_cut(weighting, self.forward_engine)
        passes = [forward(self.forward_engine, self.tasks, part, cut=cut_graph) for part in parts]
        for parameter in self._optimized_parameters:  # zero_grad() without its hooks, which take 3 % of a small step
            parameter.grad = None
        comparison_interval = self.spec.training.compare_gradients
        if comparison_interval is not None and self.step % comparison_interval == 0:
            self._compare_gradients(passes[0])
        penalty = self.forward_engine.penalty()
        penalty_gradient = None if penalty is None else PenaltyGradient(penalty, self._trainable_parameters)
        if self.regularizer is not None:
            self.regularizer.before_backward(passes, parts, self._trainable_parameters)
        weighting.backward_parts(passes, self.model)
        if penalty_gradient is not None:
            penalty_gradient.add()
        if self.regularizer is not None:
            self.regularizer.after_backward()
        self._weight_penalties.add()
        if self.spec.training.grad_clip is not None:
            nn.utils.clip_grad_norm_(self._trainable_parameters, self.spec.training.grad_clip)
        if self.loss_scaler.accept_step(self._trainable_parameters, weighting):
            self.optimizer.step()
        self.weight_average.after_step(self.step)
        if weighting.needs_losses_after_step:
            self._observe_updated_losses(batch)
        weights = None if weighting.constant else weighting.weights().clone()
        self.metric_log.log_step(mean_losses(passes), weights, self.lr_schedule.lr, batch.present)
        self.step += 1

    def _compare_gradients(self, forward_pass: ForwardPass) -> None:
        similarities = measure_agreement(forward_pass, parameter_blocks(self.model, self.model.shared_parameters()))
        self.metric_log.log_values(self.step, agreement_series(similarities, self.spec.task_names, TOTAL))

    @torch.no_grad()
    def _observe_updated_losses(self, batch: Batch) -> None:
        forward_pass = forward(self.forward_engine, self.tasks, batch, cut=False)
        self.weighting.observe(torch.stack(list(forward_pass.losses)), batch.present)

    def _tick(self) -> None:
        """Flush the metric log, report progress, handle requests and save; called a few times a second.

        It runs before a step, never between the last step of an epoch and its validation, so that requests and
        checkpoints at step S come after everything of the S steps before.
        """
        self.flush()
        self._report_progress()
        self._handle_requests(self.recorder.requests())
        now = time.perf_counter()
        if now - self._last_save >= self.spec.training.checkpoint_seconds:
            self.save()
        self._next_tick = time.perf_counter() + TICK_SECONDS

    def _end_epoch(self) -> None:
        self.weight_average.after_epoch(self.epoch + 1)
        model = self.weight_average.evaluation_model(self.train)
        scores = self._scorer(model, self.val)
        self._check_divergence(scores)
        means = torch.from_numpy(self.metric_log.end_epoch())
        self.weighting.epoch_end(means.to(self.weighting.weights()))
        self.epoch += 1
        value = self._update_monitor(scores)
        stopping = self.spec.training.early_stopping
        if self.monitor.update(value, self.step, stopping.min_delta if stopping else 0.0):
            self._best = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        self.metric_log.log_scores("val", self.step, scores)
        self.metric_log.log_values(
            self.step - 1, self.model.sharing_metrics()
        )  # logged at the last step, whose points a resumed run keeps
        stops_early = self.monitor.should_stop(stopping)
        self.metric_log.log_epoch(self.step, self.epoch, scores, last=self._is_done())
        if stops_early:
            text = f"no better {self.monitor.name} for {self.monitor.waited} epochs: stops early"
            self.recorder.event(EpochEvent(step=self.step, message=text))

    def _update_monitor(self, scores: Scores) -> float:
        """Return the monitored value of an epoch; updates the schedule, and warns of undefined metrics once."""
        total = total_loss(scores, self.metric_log.total_weights)
        if text := self.monitor.update_substitute(scores, total):
            self.warn(text)
            self.lr_schedule.reset_patience()
        if self.epoch == 1:
            self._warn_undefined_metrics(scores, "validation")
        value = self.monitor.value(scores, total)
        self.lr_schedule.after_epoch(value, self.monitor.direction)
        return value

    def _warn_undefined_metrics(self, scores: Scores, split: str) -> None:
        """Warn of metrics that are undefined on a split, which nobody would miss otherwise."""
        for text in undefined_metrics(self.spec.tasks, scores, split):
            self.warn(text)

    def _check_divergence(self, scores: Scores) -> None:
        """Raise if the last step of an epoch made parameters non-finite; its loss was computed before the update."""
        for task, values in scores.items():
            if not math.isfinite(values.get("loss", 0.0)) and not self.has_finite_parameters():
                self.metric_log.raise_diverged(DivergedError(task, self.step, values["loss"]))

    def _evaluate_test(self) -> Scores:
        """Evaluate the best model on the test split."""
        model = self.model if self._best else self.weight_average.evaluation_model(self.train)
        if self._best:
            self.model.load_state_dict(self._best)
        scores = self._scorer(model, self.test)
        self._warn_undefined_metrics(scores, "test")
        step = self.monitor.best_step if self._best else self.step
        if self.regularizer is not None:
            self._report_forgetting(self.regularizer, step, scores)
        self.metric_log.log_scores("test", step, scores)
        self.flush()
        return scores

    def _report_forgetting(self, regularizer: ContinualRegularizer, step: int, scores: Scores) -> None:
        """Log the score changes of the old tasks, and their initial scores as the first test point."""
        if step:
            self.metric_log.log_task_scores("test", 0, regularizer.initial_scores)
        for change in regularizer.score_changes(scores):
            self.recorder.event(ForgettingEvent(step=self.step, message=str(change), data=change.data()))

    def _report_progress(self) -> None:
        self.metric_log.report_progress(
            step=self.step,
            steps=self.steps,
            epoch=self.epoch,
            epochs=self.spec.training.epochs,
            batch_size=self.train.batch_size,
        )

    def begin_pause(self, message: str) -> None:
        """Save, and log that the run is paused."""
        self.save()
        self.recorder.set_paused(True)
        self.recorder.event(PauseEvent(step=self.step, message=message))

    def end_pause(self) -> None:
        """Log that the run continues."""
        self.recorder.set_paused(False)
        self.recorder.event(ResumeEvent(step=self.step, message="goes on"))
        self.metric_log.start_clock(self.step)

    def _handle_requests(self, requests: Sequence[Request]) -> None:
        pending = list(requests)
        paused = False
        while pending or paused:
            for request in pending:
                match request:
                    case StopRequest():
                        raise StoppedError
                    case PauseRequest() if not paused:
                        paused = True
                        self.begin_pause("paused")
                    case ResumeRequest() if paused:
                        paused = False
                        self.end_pause()
                    case CheckpointRequest():
                        self.save()
                    case WeightsRequest(weights=weights):
                        self._manual_weights.apply(self.step, weights)
            if paused:
                time.sleep(PAUSE_SECONDS)
            pending = list(self.recorder.requests()) if paused else []

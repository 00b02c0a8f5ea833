"""Evaluation of a run: validation and early stopping after each epoch, and the test of the best model."""

import math

import torch

from mtl_core.protocol.events import EpochEvent, ForgettingEvent, WarningEvent
from mtl_core.tasks.undefined_metrics import undefined_metrics
from mtl_core.training.metrics.kept_outputs import KeptOutputs
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.metrics.validation import Scorer, Scores, total_loss
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_checkpoints import RunCheckpoints
from mtl_core.training.run_state import RunState
from mtl_core.training.transfer.regularizers import ContinualRegularizer


class RunEvaluator:
    """Evaluates the model of a run, and records the scores.

    Args:
        state: State of the run.
        checkpoints: Keep the best model.
        recorder: Stores the events.
        kept: Keeps the outputs of some rows of each validation.
    """

    def __init__(self, state: RunState, checkpoints: RunCheckpoints, recorder: Recorder, kept: KeptOutputs) -> None:
        self._state, self._checkpoints, self._recorder, self._kept = state, checkpoints, recorder, kept
        self._scorer = Scorer(state.tasks, state.device)

    def start(self) -> None:
        """Evaluate the initial model on the test split, if the tasks of another run are kept."""
        state = self._state
        if state.regularizer is not None and not state.regularizer.initial_scores:
            state.regularizer.start(state.data, self._scorer(state.model, state.batches.test))
            if state.regularizer.warning:
                self._warn(state.regularizer.warning)

    def end_epoch(self) -> None:
        """Validate the model; update weighting method, schedule and monitor with the results.

        Raises:
            DivergedError: The last step made parameters non-finite.
        """
        state, counters, log = self._state, self._state.counters, self._state.metric_log
        state.weight_average.after_epoch(counters.epoch + 1)
        model = state.weight_average.evaluation_model(state.batches.train)
        scores = self._scorer(model, state.batches.val, self._kept)
        self._check_divergence(scores)
        mean_losses = torch.from_numpy(log.end_epoch())
        state.weighting.epoch_end(mean_losses.to(state.weighting.weights()))
        counters.epoch += 1
        value = self._update_monitor(scores)
        stopping = state.spec.training.early_stopping
        if state.monitor.update(value, counters.step, stopping.min_delta if stopping else 0.0):
            self._checkpoints.keep_best(model)
        log.log_scores("val", counters.step, scores)
        # at the last step, whose points a resumed run keeps
        log.log_values(counters.step - 1, state.model.sharing_metrics())
        log.log_epoch(counters.step, counters.epoch, scores, last=state.is_done)
        if state.monitor.should_stop(stopping):
            text = f"no better {state.monitor.name} for {state.monitor.num_bad_epochs} epochs: stops early"
            self._recorder.event(EpochEvent(step=counters.step, message=text))

    def _update_monitor(self, scores: Scores) -> float:
        """Return the monitored value of an epoch; updates the schedule, and warns of undefined metrics once."""
        state = self._state
        total = total_loss(scores, state.metric_log.total_weights)
        if text := state.monitor.update_substitute(scores, total):
            self._warn(text)
            state.lr_schedule.reset_patience()
        if state.epoch == 1:
            self._warn_undefined_metrics(scores, "validation")
        value = state.monitor.value(scores, total)
        state.lr_schedule.after_epoch(value, state.monitor.direction)
        return value

    def _check_divergence(self, scores: Scores) -> None:
        """Raise if the last step of an epoch made parameters non-finite; its loss was computed before the update."""
        for task, values in scores.items():
            if not math.isfinite(values.get("loss", 0.0)) and not self._state.has_finite_parameters():
                self._state.metric_log.raise_diverged(DivergedError(task, self._state.step, values["loss"]))

    def test(self) -> Scores:
        """Load the best model into the model of the run, if there is one, and evaluate it on the test split."""
        state = self._state
        if self._checkpoints.best:
            state.model.load_state_dict(self._checkpoints.best)
            model, step = state.model, state.monitor.best_step
        else:
            model, step = state.weight_average.evaluation_model(state.batches.train), state.step
        scores = self._scorer(model, state.batches.test)
        self._warn_undefined_metrics(scores, "test")
        if state.regularizer is not None:
            self._report_forgetting(state.regularizer, step, scores)
        state.metric_log.log_scores("test", step, scores)
        return scores

    def _report_forgetting(self, regularizer: ContinualRegularizer, step: int, scores: Scores) -> None:
        """Log the score changes of the old tasks, and their initial scores as the first test point."""
        if step:
            self._state.metric_log.log_task_scores("test", 0, regularizer.initial_scores)
        for change in regularizer.score_changes(scores):
            self._recorder.event(ForgettingEvent(step=self._state.step, message=str(change), data=change.data()))

    def _warn_undefined_metrics(self, scores: Scores, split: str) -> None:
        for text in undefined_metrics(self._state.spec.tasks, scores, split):
            self._warn(text)

    def _warn(self, text: str) -> None:
        self._recorder.event(WarningEvent(step=self._state.step, message=text))

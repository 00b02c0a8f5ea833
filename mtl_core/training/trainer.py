"""Trainer of a run: its loop over epochs and batches."""

import time

from mtl_core.protocol.states import ResultState
from mtl_core.training.request_handler import Action, RequestHandler, StoppedError
from mtl_core.training.runtime.threads import use_threads
from mtl_core.training.training_run import TrainingResult, TrainingRun
from mtl_core.training.training_step import TrainingStep
from mtl_core.training.transfer.initial_weights import freeze_trunk

TICK_SECONDS = 0.3
"""Interval at which losses are written, requests read and progress reported."""


class Trainer:
    """Trains one run.

    Args:
        run: The run before its next step.
    """

    def __init__(self, run: TrainingRun) -> None:
        self._run, self._state = run, run.state
        self._step = TrainingStep(run.state, run.warn, run.step_clock)
        self._request_handler = RequestHandler(lambda: [run], _apply, "paused")
        self._next_tick = 0.0

    def train(self) -> TrainingResult:
        """Train until the last epoch, early stopping or a stop request.

        Returns:
            The result; series, events and checkpoints are with the recorder.

        Raises:
            DivergedError: A loss became NaN or infinite; checkpoints written before remain.
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        state = self._state
        row = state.data.train.select_inputs(slice(1), state.device)
        with use_threads(state.model, row, state.batches.train.batch_size, state.counters.threads) as threads:
            self._run.start(threads)
            return self._run.finish(self._train_epochs())

    def _train_epochs(self) -> ResultState:
        self._next_tick = time.perf_counter()
        try:
            while not self._state.is_done:
                self._train_epoch()
                self._run.end_epoch()
        except StoppedError:
            return "stopped"
        return "finished"

    def _train_epoch(self) -> None:
        """Train the rest of the current epoch."""
        state, counters, training = self._state, self._state.counters, self._state.spec.training
        freeze_trunk(state.model, frozen=counters.epoch < training.frozen_epochs)
        if state.regularizer is not None:
            state.regularizer.begin_epoch()
        first_batch = counters.step - counters.epoch * counters.steps_per_epoch
        batches = state.batches.train.iter_shuffled(training.seed, counters.epoch, first_batch)
        for batch in self._run.step_clock.iter_data(batches, counters.step):
            self._run.manual_weights.apply_due(counters.step)
            if time.perf_counter() >= self._next_tick:
                self._tick()
            self._step(batch)

    def _tick(self) -> None:
        """Report, handle requests and save; called a few times a second.

        It runs before a step, never between the last step of an epoch and its validation, so that requests and
        checkpoints at step S come after everything of the S steps before.
        """
        self._run.report()
        self._request_handler.handle()
        self._run.save_if_due()
        is_timed = self._state.metric_log.remaining_time.steps_per_second > 0
        # The first step, which often takes longer, is measured alone.
        self._next_tick = time.perf_counter() + (TICK_SECONDS if is_timed else 0.0)


def _apply(run: TrainingRun, action: Action) -> None:
    action(run)

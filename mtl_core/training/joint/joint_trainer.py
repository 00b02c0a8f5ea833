"""Trainer of several runs of one architecture in one loop."""

import time
from collections.abc import Sequence
from contextlib import ExitStack

from mtl_core.protocol.states import ResultState
from mtl_core.training import trainer
from mtl_core.training.joint.compatibility import check_compatible_specs
from mtl_core.training.joint.joint_step import JointStep
from mtl_core.training.metrics.remaining_time import CHECKPOINT, VALIDATION
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.request_handler import Action, RequestHandler, StoppedError
from mtl_core.training.runtime.threads import use_threads
from mtl_core.training.training_run import TrainingResult, TrainingRun

_TICK_FACTOR = 1.5
"""Factor of the tick interval compared with a single run; ticks are still less than half a second apart."""

Result = TrainingResult | DivergedError


class JointTrainer:
    """Trains several runs that differ only in their seeds or manual loss weights.

    Every step is one step of each run, see :class:`~mtl_core.training.joint.joint_step.JointStep`. Each run has the
    initial weights and the row order of a separate training, so that its losses are equal up to rounding; only dropout
    draws other numbers. When a run stops early or diverges, the others continue; a request to stop or pause one applies
    to all.

    Args:
        runs: The runs, each before its first step.

    Raises:
        InputError: They cannot be trained together.
    """

    def __init__(self, runs: Sequence[TrainingRun]) -> None:
        check_compatible_specs([run.state.spec for run in runs])
        self._runs = runs
        self._active = list(range(len(runs)))
        self._results: dict[int, Result] = {}
        self._step = JointStep([run.state for run in runs])
        self._request_handler = RequestHandler(
            self._active_runs, self._apply, "paused, with the runs it trains together with"
        )
        self._next_tick = 0.0
        for number, run in enumerate(runs):
            run.snapshots.parallel_runs = len(runs)
            run.state.parts["optimizer"] = self._step.optimizer_state(number)

    def train(self) -> list[Result]:
        """Train all runs to their ends, or until a stop request.

        Returns:
            The result of each run, in order.

        Raises:
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        first = self._runs[0].state
        row = first.data.train.select_inputs(slice(1), first.device)
        with use_threads(first.model, row, first.batches.train.batch_size, first.counters.threads) as threads:
            for run in self._runs:
                run.start(threads)
            self._next_tick = time.perf_counter()
            try:
                while self._active:
                    self._train_epoch()
            except StoppedError:
                self._finish_runs("stopped")
        return [self._results[number] for number in range(len(self._runs))]

    def _train_epoch(self) -> None:
        first = self._runs[0].state
        epoch = self._active_runs()[0].state.epoch
        self._step.freeze_trunk(frozen=epoch < first.spec.training.frozen_epochs)
        for batch in first.batches.train.iter_stacked([run.state.spec.training.seed for run in self._runs], epoch):
            if time.perf_counter() >= self._next_tick:
                self._tick()
            if not self._active:
                return
            for run in self._active_runs():
                run.manual_weights.apply_due(run.state.step)
            self._step(batch, self._active)
        self._measure(VALIDATION, TrainingRun.end_epoch)
        self._finish_runs("finished")

    def _tick(self) -> None:
        self._apply_to_all(TrainingRun.report)
        self._request_handler.handle()
        if any(run.is_save_due for run in self._active_runs()):
            self._measure(CHECKPOINT, TrainingRun.save_if_due)
        is_timed = all(run.state.metric_log.remaining_time.steps_per_second > 0 for run in self._active_runs())
        self._next_tick = time.perf_counter() + (_TICK_FACTOR * trainer.TICK_SECONDS if is_timed else 0.0)

    def _measure(self, what: str, action: Action) -> None:
        """Apply an action to all active runs; each waits for the others, so its time is that of all."""
        with ExitStack() as stack:
            for run in self._active_runs():
                stack.enter_context(run.state.metric_log.remaining_time.measure(what))
            self._apply_to_all(action)

    def _active_runs(self) -> list[TrainingRun]:
        return [self._runs[number] for number in self._active]

    def _apply_to_all(self, action: Action) -> None:
        for run in self._active_runs():
            self._apply(run, action)

    def _apply(self, run: TrainingRun, action: Action) -> None:
        """Apply an action to an active run; if that run has diverged, it ends while the others continue."""
        number = self._runs.index(run)
        if number not in self._active:
            return
        try:
            action(run)
        except DivergedError as error:
            self._record_result(number, error)

    def _finish_runs(self, state: ResultState) -> None:
        """Finish the runs that are done or, after a stop request, all."""
        for run in self._active_runs():
            if state == "stopped" or run.state.is_done:
                self._apply(run, lambda done: self._record_result(self._runs.index(done), done.finish(state)))

    def _record_result(self, number: int, result: Result) -> None:
        self._results[number] = result
        self._active.remove(number)

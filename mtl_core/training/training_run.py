"""A run while it is trained: reports, saves, validates and tests; a trainer does the steps in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mtl_core.datasets.data import TaskData
from mtl_core.protocol.events import CheckpointEvent, PauseEvent, ResumeEvent, WarningEvent
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_names import step_time_name
from mtl_core.protocol.states import ResultState
from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.training.manual_weights import ManualWeights
from mtl_core.training.metrics.memory_usage import MemoryUsage
from mtl_core.training.metrics.remaining_time import CHECKPOINT, VALIDATION, RemainingTime
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_checkpoints import RunCheckpoints
from mtl_core.training.run_evaluator import RunEvaluator
from mtl_core.training.run_snapshots import RunSnapshots
from mtl_core.training.run_state import RunState, build_run_state
from mtl_core.training.runtime.seeding import seed_everything
from mtl_core.training.step.step_clock import StepClock


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


class TrainingRun:
    """The state of a run with its recorder, checkpoints, evaluation and manual weights; has no steps of its own.

    Args:
        state: The state before the next step.
        recorder: Stores the results.
        folder: Folder of the checkpoints.
        moves: Manual weight changes before the run was resumed, in addition to those of the spec.

    Attributes:
        step_clock: Times the steps of a trainer that has the parts one after the other.
    """

    def __init__(self, state: RunState, recorder: Recorder, folder: Path, moves: Sequence[WeightMove] = ()) -> None:
        self.state, self.recorder = state, recorder
        self.manual_weights = ManualWeights(state.spec, moves, state.weighting, state.metric_log, recorder)
        self._checkpoints = RunCheckpoints(state, recorder, folder)
        self.snapshots = RunSnapshots(state, recorder, folder)
        self._evaluator = RunEvaluator(state, self._checkpoints, recorder, self.snapshots.kept)
        self.step_clock = StepClock(state.device)
        self._memory_usage = MemoryUsage(state.device)
        self._measured_step = state.step

    def restore(self, last: Checkpoint, best: Checkpoint | None) -> None:
        """Restore the state from checkpoints; errors as of :meth:`RunCheckpoints.restore`."""
        self._checkpoints.restore(last, best)
        if last.is_whole:
            self.manual_weights.discard_before(self.state.step)
        else:
            self.manual_weights.repeat_last_before(self.state.step)

    def start(self, threads: int) -> None:
        """Prepare for the first step, which computes with a number of threads."""
        self.state.counters.threads = threads
        self._checkpoints.start_clock()
        self.snapshots.start()
        self._memory_usage.start()
        self._measured_step = self.state.step
        self.state.model.train()
        self._evaluator.start()
        self._remaining_time.restart(self.state.step)

    def warn(self, text: str) -> None:
        """Record a warning."""
        self.recorder.event(WarningEvent(step=self.state.step, message=text))

    def report(self) -> None:
        """Write everything new to the recorder, and report progress.

        Raises:
            DivergedError: A loss of the last steps is not finite.
        """
        self._flush()
        self._report_progress()

    def save(self) -> None:
        """Write everything new to the recorder, then the checkpoints.

        Raises:
            DivergedError: A loss of the last steps is not finite; no checkpoint is written.
            EnvironmentFault, StoreError: A checkpoint cannot be written.
        """
        self._flush()
        with self._remaining_time.measure(CHECKPOINT):
            self._checkpoints.save()

    @property
    def is_save_due(self) -> bool:
        """Whether the interval between checkpoints has passed."""
        return self._checkpoints.is_due

    def keep_checkpoint(self) -> None:
        """Save, and keep a checkpoint that later ones do not replace; errors as of :meth:`save`."""
        self.save()
        if self._checkpoints.keep():
            text = f"kept the checkpoint of step {self.state.step}"
            self.recorder.event(CheckpointEvent(step=self.state.step, message=text))

    def save_if_due(self) -> None:
        """Save if the interval between checkpoints has passed."""
        if self.is_save_due:
            self.save()

    def pause(self, message: str) -> None:
        """Save, and record that the run is paused."""
        self.save()
        self.snapshots.save()
        self.recorder.set_paused(True)
        self.recorder.event(PauseEvent(step=self.state.step, message=message))

    def resume(self) -> None:
        """Record that the run continues after a pause."""
        self._remaining_time.restart(self.state.step)
        self._report_progress()  # with no time left, which is not known before a step has been measured
        self.recorder.set_paused(False)
        self.recorder.event(ResumeEvent(step=self.state.step, message="goes on"))

    def end_epoch(self) -> None:
        """Collect the losses of the epoch, validate, and keep a checkpoint if it is time for one.

        Raises:
            DivergedError: A loss of the epoch is not finite, or its last step broke the model.
            EnvironmentFault, StoreError: A checkpoint that is to be kept cannot be written.
        """
        self.state.metric_log.collect(self.state.step, self.state.weighting.weights())
        with self._remaining_time.measure(VALIDATION):
            self._evaluator.end_epoch()
            self.snapshots.end_validation(last=self.state.is_done)
        every = self.state.spec.training.keep_checkpoints
        if every is not None and self.state.epoch % every == 0 and not self.state.is_done:
            self.keep_checkpoint()

    def finish(self, state: ResultState) -> TrainingResult:
        """Save, test the best model and return the result; errors as of :meth:`save`."""
        self.save()
        self.snapshots.save()
        self._report_progress()
        scores = self._evaluator.test()
        self._flush()
        return TrainingResult(state, self.state.step, self.state.monitor.best_step, scores)

    def _flush(self) -> None:
        self.state.metric_log.flush(self.state.step, self.state.weighting.weights())

    def _report_progress(self) -> None:
        """Report progress, and log time and memory of the steps since the last report."""
        counters, batches = self.state.counters, self.state.batches
        if counters.step > self._measured_step:
            self._measured_step = counters.step
            times = {step_time_name(part): seconds for part, seconds in self.step_clock.drain().items()}
            values = times | self._memory_usage.values()
            self.state.metric_log.log_values(counters.step - 1, {("", name): value for name, value in values.items()})
        self.state.metric_log.report_progress(
            Progress(counters.epoch, counters.epochs, counters.step, counters.steps),
            batch_size=batches.train.batch_size,
            validations=counters.epochs - counters.epoch + batches.test.rows / max(batches.val.rows, 1),
            checkpoint_seconds=self.state.spec.training.checkpoint_seconds,
        )

    @property
    def _remaining_time(self) -> RemainingTime:
        return self.state.metric_log.remaining_time


def prepare_run(
    spec: ExperimentSpec,
    data: TaskData,
    device: torch.device,
    recorder: Recorder,
    folder: Path,
    *,
    moves: Sequence[WeightMove] = (),
    initial_weights: Path | None = None,
) -> TrainingRun:
    """Seed the global random number generators with the seed of an experiment, and build its run.

    Args:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Training device.
        recorder: Stores the results.
        folder: Folder of ``last.safetensors`` and ``best.safetensors``.
        moves: Manual weight changes before the run was resumed, in addition to those of the spec.
        initial_weights: File to initialize the shared layers from, for a run that is not resumed.

    Raises:
        InputError: The data, the device or the file does not fit the spec.
    """
    seed_everything(spec.training.seed)
    return TrainingRun(build_run_state(spec, data, device, recorder, initial_weights), recorder, folder, moves)

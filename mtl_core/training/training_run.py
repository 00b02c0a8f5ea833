"""A run while it is trained: reports, saves, validates and tests; a trainer does the steps in between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mtl_core.datasets.data import TaskData
from mtl_core.protocol.events import PauseEvent, ResumeEvent, WarningEvent
from mtl_core.protocol.series_names import step_time_name
from mtl_core.protocol.states import ResultState
from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.training.manual_weights import ManualWeights
from mtl_core.training.metrics.memory_usage import MemoryUsage
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.persistence.checkpoints import Checkpoint
from mtl_core.training.recorder import Recorder
from mtl_core.training.run_checkpoints import RunCheckpoints
from mtl_core.training.run_evaluator import RunEvaluator
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
        self._evaluator = RunEvaluator(state, self._checkpoints, recorder)
        self.step_clock = StepClock(state.device)
        self._memory_usage = MemoryUsage(state.device)
        self._measured_step = state.step

    def restore(self, last: Checkpoint, best: Checkpoint | None) -> None:
        """Restore the state from checkpoints; errors as of :meth:`RunCheckpoints.restore`."""
        self._checkpoints.restore(last, best)
        self.manual_weights.discard_before(self.state.step)

    def start(self, threads: int) -> None:
        """Prepare for the first step, which computes with a number of threads."""
        self.state.counters.threads = threads
        self._checkpoints.start_clock()
        self.state.metric_log.start_clock(self.state.step)
        self._memory_usage.start()
        self._measured_step = self.state.step
        self.state.model.train()
        self._evaluator.start()

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
        self._checkpoints.save()

    def save_if_due(self) -> None:
        """Save if the interval between checkpoints has passed."""
        if self._checkpoints.is_due:
            self.save()

    def pause(self, message: str) -> None:
        """Save, and record that the run is paused."""
        self.save()
        self.recorder.set_paused(True)
        self.recorder.event(PauseEvent(step=self.state.step, message=message))

    def resume(self) -> None:
        """Record that the run continues after a pause."""
        self.recorder.set_paused(False)
        self.recorder.event(ResumeEvent(step=self.state.step, message="goes on"))
        self.state.metric_log.start_clock(self.state.step)

    def end_epoch(self) -> None:
        """Collect the losses of the epoch, and validate.

        Raises:
            DivergedError: A loss of the epoch is not finite, or its last step broke the model.
        """
        self.state.metric_log.collect(self.state.step, self.state.weighting.weights())
        self._evaluator.end_epoch()

    def finish(self, state: ResultState) -> TrainingResult:
        """Save, test the best model and return the result; errors as of :meth:`save`."""
        self.save()
        self._report_progress()
        scores = self._evaluator.test()
        self._flush()
        return TrainingResult(state, self.state.step, self.state.monitor.best_step, scores)

    def _flush(self) -> None:
        self.state.metric_log.flush(self.state.step, self.state.weighting.weights())

    def _report_progress(self) -> None:
        """Report progress, and log time and memory of the steps since the last report."""
        counters = self.state.counters
        if counters.step > self._measured_step:
            self._measured_step = counters.step
            times = {step_time_name(part): seconds for part, seconds in self.step_clock.drain().items()}
            values = times | self._memory_usage.values()
            self.state.metric_log.log_values(counters.step - 1, {("", name): value for name, value in values.items()})
        self.state.metric_log.report_progress(
            step=counters.step,
            steps=counters.steps,
            epoch=counters.epoch,
            epochs=counters.epochs,
            batch_size=self.state.batches.train.batch_size,
        )


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

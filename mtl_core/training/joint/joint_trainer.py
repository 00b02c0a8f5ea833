"""Joint trainer: trains several runs of one architecture in one loop, with stacked parameters."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
)
from mtl_core.protocol.states import ResultState
from mtl_core.spec import ExperimentSpec, InputError, Problem, spec_to_data
from mtl_core.spec.training.averaging import Unaveraged
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.optimizers import Muon
from mtl_core.spec.training.schedules import PlateauSchedule
from mtl_core.spec.weighting import EqualWeighting, ManualWeighting
from mtl_core.training import loop
from mtl_core.training.batching.batches import StackedBatch
from mtl_core.training.joint.stacked_model import StackedModels, check_stackable, stacked_losses
from mtl_core.training.loop import StoppedError, Trainer, TrainingResult
from mtl_core.training.metrics.step_buffer import DivergedError
from mtl_core.training.optimization.lr_schedule import LRSchedule
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.runtime.threads import use_threads

_TICK_FACTOR = 1.5
"""Factor of the tick interval compared with a single run; ticks are still less than half a second apart."""

Result = TrainingResult | DivergedError


class JointRun(Trainer):
    """One of several runs in a joint training: everything of a run except its training steps.

    It validates, logs, saves and tests its own model, whose parameters are views of the stacked ones.
    """

    sync_optimizer: Callable[[], None]
    """Copies the state of the joint optimizer to this run's, before it is saved; set by the joint trainer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sync_optimizer = lambda: None

    @property
    def is_done(self) -> bool:
        """Whether the last epoch is done, or early stopping ended the run."""
        return self._is_done()

    def start(self, threads: int) -> None:
        """Start the clocks of the run."""
        self._last_save, self._threads = time.perf_counter(), threads
        self.metric_log.start_clock(self.step)
        self.model.train()

    def step_weights(self) -> Tensor:
        """Return the ``[K]`` loss weights of the next step, after applying the changes due."""
        self._manual_weights.apply_due(self.step)
        return self.weighting.weights()

    def record_step(self, losses: Sequence[Tensor], rate: float, present: tuple[bool, ...] | None) -> None:
        """Log a step; arguments as of :meth:`mtl_core.training.metrics.metric_log.MetricLog.log_step`."""
        self.metric_log.log_step(losses, None, rate, present)
        self.step += 1

    def report(self) -> None:
        """Flush the metric log, report progress and save, as a single run does a few times a second."""
        self.flush()
        self._report_progress()
        if time.perf_counter() - self._last_save >= self.spec.training.checkpoint_seconds:
            self.save()

    def handle_request(self, request: Request) -> None:
        """Handle a request to this run only."""
        self._handle_requests([request])

    def pause(self) -> None:
        """Save, and log that the run is paused."""
        self.begin_pause("paused, with the runs it trains together with")

    def end_epoch(self) -> None:
        """Collect the losses of the epoch, validate and log."""
        self.metric_log.collect(self.step, self.weighting.weights())
        self._end_epoch()

    def finish(self, state: ResultState) -> TrainingResult:
        """Save, test and return the result."""
        self.save()
        self._report_progress()
        return TrainingResult(state, self.step, self.monitor.best_step, self._evaluate_test())

    def save(self) -> None:
        """Write checkpoints from which the run can be resumed on its own."""
        self.sync_optimizer()
        super().save()


class JointTrainer:
    """Trains several runs that differ only in their seeds or manual loss weights.

    Every step is one step of each run: the parameters of the models are stacked, their losses computed by
    ``torch.func.vmap`` and updated by one optimizer. Each run has the initial weights and the row order of a separate
    training, so that its losses are equal up to rounding; only dropout draws other numbers. When a run stops early or
    diverges, the others continue; a request to stop or pause one applies to all.

    Args:
        runs: The runs, each before its first step.

    Raises:
        InputError: They cannot be trained together.
    """

    def __init__(self, runs: Sequence[JointRun]) -> None:
        check_compatible_specs([run.spec for run in runs])
        first = runs[0]
        check_stackable(first.model, first.tasks, first.data.train)
        training = first.spec.training
        self.runs, self._training = runs, training
        self._active = list(range(len(runs)))
        self._results: dict[int, Result] = {}
        self._stacked = StackedModels([run.model for run in runs])
        self._optimizer = build_optimizer(training.optimizer, self._stacked.param_groups(training), ())
        self._lr_schedule = LRSchedule(training, self._optimizer, first.steps, first.train.count)
        self._losses = stacked_losses(first.model, first.tasks, self._stacked.parameters)
        self._seeds = [run.spec.training.seed for run in runs]
        self._step, self._epoch = 0, 0
        self._next_tick = 0.0
        for run in runs:
            run.sync_optimizer = self._sync_optimizers

    def run(self) -> list[Result]:
        """Train all runs to their ends, or until a stop request.

        Returns:
            The result of each run, in order.

        Raises:
            EnvironmentFault, StoreError: A checkpoint cannot be saved.
        """
        first = self.runs[0]
        row = first.data.train.inputs[:1].to(first.device)
        with use_threads(first.model, row, first.train.batch_size, self._training.threads) as threads:
            for run in self.runs:
                run.start(threads)
            self._next_tick = time.perf_counter()
            try:
                while self._active:
                    self._train_epoch()
            except StoppedError:
                self._finish_runs("stopped")
        return [self._results[number] for number in range(len(self.runs))]

    def _train_epoch(self) -> None:
        self._stacked.freeze_trunk(frozen=self._epoch < self._training.shared.freeze_epochs)
        for batch in self.runs[0].train.iter_stacked(self._seeds, self._epoch):
            if time.perf_counter() >= self._next_tick:
                self._for_each_active(JointRun.report)
                self._handle_requests()
                self._next_tick = time.perf_counter() + _TICK_FACTOR * loop.TICK_SECONDS
            if not self._active:
                return
            self._train_step(batch)
        self._epoch += 1
        self._for_each_active(JointRun.end_epoch)
        self._finish_runs("finished")

    def _train_step(self, batch: StackedBatch) -> None:
        self._lr_schedule.before_step(self._step)
        weights = torch.stack([run.step_weights() for run in self.runs])
        losses = self._losses(batch.inputs, batch.targets, batch.masks)
        self._optimizer.zero_grad()
        torch.autograd.backward(losses, weights)
        if self._training.grad_clip is not None:
            self._stacked.clip_grad_norm(self._training.grad_clip)
        self._optimizer.step()
        self._step += 1
        values, count = losses.detach().flatten().unbind(), losses.shape[1]
        for number in self._active:
            run_losses = values[number * count : (number + 1) * count]
            self.runs[number].record_step(
                run_losses, self._lr_schedule.lr, batch.present[number] if batch.present else None
            )

    def _for_each_active(self, action: Callable[[JointRun], None]) -> None:
        """Run an action for every active run."""
        for number in list(self._active):
            self._run_guarded(number, action)

    def _run_guarded(self, number: int, action: Callable[[JointRun], None]) -> None:
        """Run an action for a run; if that run has diverged, it ends while the others continue."""
        try:
            action(self.runs[number])
        except DivergedError as error:
            self._record_result(number, error)

    def _finish_runs(self, state: ResultState) -> None:
        """Finish the runs that are done or, after a stop request, all."""
        for number in list(self._active):
            if state == "stopped" or self.runs[number].is_done:
                self._run_guarded(number, lambda run: self._record_result(number, run.finish(state)))  # noqa: B023

    def _record_result(self, number: int, result: Result) -> None:
        self._results[number] = result
        self._active.remove(number)

    def _handle_requests(self) -> None:
        """Handle the requests of all runs; stop, pause and resume apply to all."""
        paused = False
        while True:
            for number, request in self._read_requests():
                match request:
                    case StopRequest():
                        raise StoppedError
                    case PauseRequest() if not paused:
                        paused = True
                        self._for_each_active(JointRun.pause)
                    case ResumeRequest() if paused:
                        paused = False
                        self._for_each_active(JointRun.end_pause)
                    case CheckpointRequest() | WeightsRequest():
                        self._run_guarded(number, partial(JointRun.handle_request, request=request))
            if not paused:
                return
            time.sleep(loop.PAUSE_SECONDS)

    def _read_requests(self) -> list[tuple[int, Request]]:
        return [(number, request) for number in self._active for request in self.runs[number].recorder.requests()]

    def _sync_optimizers(self) -> None:
        self._stacked.copy_optimizer_state(self._optimizer, [run.optimizer for run in self.runs], self._lr_schedule.lr)


def check_compatible_specs(specs: Sequence[ExperimentSpec]) -> None:
    """Check that the settings of runs allow training them together.

    Raises:
        InputError: They differ in more than seed and manual loss weights, or use a feature that needs a single run.
    """
    first = specs[0]
    if any(_shared_settings(spec) != _shared_settings(first) for spec in specs):
        raise InputError("spec", "runs that train together may differ in seed and hand-set loss weights only")
    if problems := _find_unsupported_settings(first):
        raise InputError.of(problems)


def _shared_settings(spec: ExperimentSpec) -> dict[str, Any]:
    """Return the settings that must be equal in all runs."""
    data = spec_to_data(spec)
    data["training"].pop("seed")
    if isinstance(spec.weighting, EqualWeighting | ManualWeighting):
        data["weighting"] = {"normalize": spec.weighting.normalize}
    return data | {"name": ""}


def _find_unsupported_settings(spec: ExperimentSpec) -> list[Problem]:
    training = spec.training
    penalties = [(name, part) for name, part in (("shared", training.shared), ("heads", training.heads))]
    requirements = [
        ("model.sharing", spec.model.sharing.trains_jointly, "hard"),
        ("weighting", isinstance(spec.weighting, EqualWeighting | ManualWeighting), "equal or manual"),
        ("weighting.normalize", spec.weighting.normalize == "none", "none"),
        ("training.optimizer", not isinstance(training.optimizer, Muon), "any but Muon"),
        ("training.schedule", not isinstance(training.schedule, PlateauSchedule), "any but reduce-on-plateau"),
        ("training.averaging", isinstance(training.averaging, Unaveraged), "none"),
        ("training.keep", isinstance(training.keep, NewHeads), "new heads"),
        ("training.precision", training.precision == "float32", "float32"),
        ("training.accumulate", training.accumulate == 1, "1"),
        ("training.compile", not training.compile, "false"),
        ("training.compare_gradients", training.compare_gradients is None, "empty"),
        *((f"training.{name}.l1", not part.l1, "0") for name, part in penalties),
        *((f"training.{name}.l2", not part.l2, "0") for name, part in penalties),
    ]
    rule = "runs that train together need"
    fix = "Change it, or train one by one."
    return [Problem(path, f"{rule} {expected}", fix=fix) for path, supported, expected in requirements if not supported]

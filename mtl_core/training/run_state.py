"""State of a run: model, optimizer and everything else it trains with; saved to and restored from checkpoints."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import TaskData
from mtl_core.errors import StoreError
from mtl_core.protocol.events import WarningEvent
from mtl_core.spec import ExperimentSpec, InputError, WeightMove
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batches, check_single_rows, count_split_bytes, fits_on_device
from mtl_core.training.batching.row_order import build_row_order
from mtl_core.training.manual_weights import ManualWeights, manual_loss_weights
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.metric_log import MetricLog
from mtl_core.training.metrics.validation import Scorer, evaluation_batches
from mtl_core.training.optimization.early_stopping import Monitor
from mtl_core.training.optimization.lr_schedule import LRSchedule
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.optimization.param_groups import WeightPenalties, build_param_groups
from mtl_core.training.optimization.weight_averaging import WeightAverage
from mtl_core.training.persistence.checkpoints import (
    RESTORE_CHECKPOINT_FIX,
    Checkpoint,
    CheckpointKind,
    check_model,
    checkpoint_path,
    load_model,
    optimizer_state,
    read_count,
    restore_optimizer,
)
from mtl_core.training.persistence.tensor_files import damaged_file_error
from mtl_core.training.recorder import Recorder
from mtl_core.training.runtime.seeding import restore_rng, rng_state, seed_everything
from mtl_core.training.step.forward_engine import build_forward_engine
from mtl_core.training.step.precision import LossScaler, check_precision
from mtl_core.training.transfer.embeddings import remap_vocabulary
from mtl_core.training.transfer.heads import data_header
from mtl_core.training.transfer.initial_weights import load_shared_layers, read_initial_weights
from mtl_core.training.transfer.regularizers import build_regularizer
from mtl_core.weighting import ManualOverride, build_weighting


@dataclass
class RunState:
    """State of a run before its next step.

    Initial weights are drawn from torch's global generator: use :meth:`create`, which seeds it.

    Args:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Training device.
        recorder: Stores the results.
        folder: Folder of ``last.safetensors`` and ``best.safetensors``.
        moves: Manual weight changes of a resumed run before it ended, in addition to those of the spec.
        initial_weights: File to initialize the shared layers from, for a run that is not resumed.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    recorder: Recorder
    folder: Path
    moves: Sequence[WeightMove] = ()
    initial_weights: Path | None = None

    model: MultiTaskModel = field(init=False)
    tasks: tuple[TaskHead, ...] = field(init=False)
    step: int = field(init=False, default=0)
    epoch: int = field(init=False, default=0)

    @classmethod
    def create(
        cls,
        spec: ExperimentSpec,
        data: TaskData,
        device: torch.device,
        recorder: Recorder,
        folder: Path,
        *,
        moves: Sequence[WeightMove] = (),
        initial_weights: Path | None = None,
    ) -> Self:
        """Seed the global random number generators and build the state; arguments as of the class."""
        seed_everything(spec.training.seed)
        return cls(spec, data, device, recorder, folder, moves, initial_weights)

    def __post_init__(self) -> None:
        spec, training, names = self.spec, self.spec.training, self.spec.task_names
        check_precision(training.precision, self.device)
        self.tasks = tuple(build_task(task, self.data.targets[task.name]) for task in spec.tasks)
        outputs = {task.name: task.out_features for task in self.tasks}
        self.model = build_model(spec.model, self.data.input_shape, outputs).to(self.device)
        self.regularizer = build_regularizer(self.model, spec, self.tasks)
        self.initialization_summary = self._load_initial_weights(self.initial_weights) if self.initial_weights else ""
        method = build_weighting(spec.weighting, spec.tasks, device=self.device)
        self.weighting = ManualOverride(method, names)
        self.optimizer = build_optimizer(
            training.optimizer, build_param_groups(self.model, training), self.weighting.parameters()
        )
        self.loss_scaler = LossScaler(self.model, active=training.precision == "fp16")
        self.forward_engine = build_forward_engine(self.model, training, self.loss_scaler, self.warn)
        self.weight_average = WeightAverage(training.averaging, self.model, training.epochs)
        self._weight_penalties = WeightPenalties(self.model, training)
        self._optimized_parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        self._trainable_parameters = [p for p in self.model.parameters() if p.requires_grad]
        self._build_batches(names)
        if self.train.batch_size == 1:
            check_single_rows(self.model, self.train.rows, self.data.input_shape)
        self.steps = self.train.count * training.epochs
        self.monitor = Monitor(training.monitor, self._metric_direction(training.monitor))
        self.lr_schedule = LRSchedule(training, self.optimizer, self.steps, self.train.count)
        self.metric_log = MetricLog(
            self.recorder, self.tasks, manual_loss_weights(spec), LossFloor(spec.weighting, names)
        )
        self._best: dict[str, Tensor] = {}
        self._best_saved = -1
        self._data_header = data_header(self.data, spec.tasks)
        self._scorer = Scorer(self.tasks, self.device)
        self._threads = training.threads
        self._next_tick = self._last_save = 0.0
        self._manual_weights = ManualWeights(spec, self.moves, self.weighting, self.metric_log, self.recorder)

    def _load_initial_weights(self, path: Path) -> str:
        initial = remap_vocabulary(self.data, self.model, read_initial_weights(path))
        summary = load_shared_layers(self.model, initial)
        return f"{summary}; {self.regularizer.load_heads(initial, self.data)}" if self.regularizer else summary

    def _metric_direction(self, path: str) -> Any:
        task, _, metric = path.partition(".")
        return next((t.directions.get(metric, "min") for t in self.tasks if t.name == task), "min")

    def _build_batches(self, names: tuple[str, ...]) -> None:
        """Build the batches; moves the whole data set to the training device if it fits."""
        data = (
            self.data.to(self.device) if fits_on_device(count_split_bytes(self.data.splits), self.device) else self.data
        )
        batch_size = self.spec.training.batch_size
        order = build_row_order(self.spec.training.sampling, self.data.train, self.spec.tasks)
        self.train = Batches(data.train, names, batch_size, self.device, drop_single=True, order=order)
        self.val = evaluation_batches(data.val, names, self.device)
        self.test = evaluation_batches(data.test, names, self.device)

    def flush(self) -> None:
        """Write everything new to the recorder."""
        self.metric_log.flush(self.step, self.weighting.weights())

    def warn(self, text: str) -> None:
        """Log a warning event."""
        self.recorder.event(WarningEvent(step=self.step, message=text))

    def has_finite_parameters(self) -> bool:
        """Whether all parameters are finite."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())

    def save(self) -> None:
        """Write the last checkpoint, preceded by the best one if that is new.

        A model with non-finite parameters is not written: its next loss will raise the error.

        Raises:
            DivergedError: A loss of the last steps is not finite; nothing is written.
        """
        self.flush()
        if not self.has_finite_parameters():
            return
        if self._best and self.monitor.best_step != self._best_saved:
            self._write("best", Checkpoint({"model": self._best}, {"step": self.monitor.best_step} | self._data_header))
            self._best_saved = self.monitor.best_step
        self._write("last", self._snapshot())
        self._last_save = time.perf_counter()

    def _write(self, kind: CheckpointKind, checkpoint: Checkpoint) -> None:
        path = checkpoint_path(self.folder, kind)
        checkpoint.save(path)
        self.recorder.checkpoint(kind, path, int(checkpoint.values["step"]))

    def _snapshot(self) -> Checkpoint:
        tensors, groups = optimizer_state(self.optimizer)
        return Checkpoint(
            {
                "model": self.model.state_dict(),
                "optimizer": tensors,
                "weighting": self.weighting.state_dict(),
                "average": self.weight_average.state(),
                "rng": rng_state(),
                "kept": self.regularizer.state() if self.regularizer else {},
                "history": {"losses": torch.from_numpy(self.metric_log.epoch_losses())},
            },
            {
                "step": self.step,
                "epoch": self.epoch,
                "groups": groups,
                "monitor": self.monitor.state(),
                "rate": self.lr_schedule.state(),
                "scale": self.loss_scaler.state(),
                "ruler": self.metric_log.total_weights,
                "fingerprint": self.data.fingerprint,
                "kept": self.regularizer.values() if self.regularizer else {},
                "threads": self._threads,
                **self._data_header,
            },
        )

    def restore(self, checkpoint: Checkpoint, best: Checkpoint | None) -> None:
        """Restore the state from a checkpoint, so that the run continues as if it had never stopped.

        Raises:
            InputError: The data has changed since the checkpoint.
            StoreError: The checkpoint is of another model, or incomplete.
        """
        path = checkpoint_path(self.folder, "last")
        if checkpoint.values.get("fingerprint") != self.data.fingerprint:
            fix = "Put the old data back, or run the experiment again."
            raise InputError("dataset", "the data has changed since the checkpoint was saved", fix=fix)
        load_model(self.model, path, checkpoint.parts.get("model", {}))
        try:
            self._restore_state(checkpoint.parts, checkpoint.values)
        except _STATE_ERRORS as error:
            rule = "is a checkpoint of another optimiser or weighting, or not whole"
            raise StoreError(str(path), rule, found=_format_reason(error), fix=RESTORE_CHECKPOINT_FIX) from None
        if best:
            self._restore_best(best)
        self._manual_weights.discard_before(self.step)

    def _restore_state(self, parts: Mapping[str, dict[str, Tensor]], values: Mapping[str, Any]) -> None:
        """Restore all but the model; missing or invalid state raises one of ``_STATE_ERRORS``."""
        restore_optimizer(self.optimizer, parts.get("optimizer", {}), values["groups"])
        self.weighting.load_state_dict(parts.get("weighting", {}))
        self.weight_average.restore(parts.get("average", {}))
        if self.regularizer is not None:
            self.regularizer.restore(parts.get("kept", {}), values["kept"])
        self.monitor.restore(values["monitor"])
        self.lr_schedule.restore(values.get("rate", {}))  # checkpoints of the first release lack both
        self.loss_scaler.restore(values.get("scale", {}))
        self.metric_log.restore(parts["history"]["losses"], values["ruler"])
        self.step, self.epoch = (
            read_count(values["step"], self.steps),
            read_count(values["epoch"], self.spec.training.epochs),
        )
        if not 0 <= self.step - self.epoch * self.train.count <= self.train.count:
            raise ValueError(f"step {self.step} in epoch {self.epoch}")
        self._threads = None if values["threads"] is None else read_count(values["threads"])
        restore_rng(parts["rng"])

    def _restore_best(self, best: Checkpoint) -> None:
        path, tensors = checkpoint_path(self.folder, "best"), best.parts.get("model", {})
        check_model(self.model, path, tensors)
        try:
            self._best, self._best_saved = tensors, read_count(best.values["step"], self.steps)
        except _STATE_ERRORS as error:
            raise damaged_file_error(path, _format_reason(error)) from None


_STATE_ERRORS = (AttributeError, IndexError, KeyError, OverflowError, RuntimeError, StoreError, TypeError, ValueError)
"""Errors raised when invalid state is restored."""


def _format_reason(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)

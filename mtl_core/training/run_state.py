"""State of a run: data, model, optimizer and everything else it trains with; what its checkpoints hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import TaskData
from mtl_core.spec import ExperimentSpec
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batches, check_single_rows, count_split_bytes, fits_on_device
from mtl_core.training.batching.row_order import build_row_order
from mtl_core.training.manual_weights import manual_loss_weights
from mtl_core.training.metrics.loss_floor import LossFloor
from mtl_core.training.metrics.metric_log import MetricLog
from mtl_core.training.metrics.validation import evaluation_batches
from mtl_core.training.optimization.early_stopping import Monitor
from mtl_core.training.optimization.lr_schedule import LRSchedule
from mtl_core.training.optimization.optimizer_state import OptimizerState
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.optimization.param_groups import build_param_groups
from mtl_core.training.optimization.weight_averaging import WeightAverage
from mtl_core.training.persistence.checkpoints import read_count
from mtl_core.training.persistence.stateful import Stateful
from mtl_core.training.recorder import Recorder
from mtl_core.training.runtime.seeding import TorchGenerators
from mtl_core.training.step.precision import LossScaler, check_precision
from mtl_core.training.transfer.embeddings import remap_vocabulary
from mtl_core.training.transfer.initial_weights import load_shared_layers, read_initial_weights
from mtl_core.training.transfer.regularizers import ContinualRegularizer, build_regularizer
from mtl_core.weighting import ManualOverride, build_weighting


@dataclass
class Counters:
    """Position of a run.

    Attributes:
        epochs: Epochs of the whole run.
        steps_per_epoch: Steps of an epoch.
        threads: Number of CPU threads; None until the run starts if the spec leaves it open.
        step: Steps done.
        epoch: Epochs done.
    """

    epochs: int
    steps_per_epoch: int
    threads: int | None
    step: int = 0
    epoch: int = 0

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def state_dict(self) -> dict[str, Any]:
        """Return steps and epochs done, and the number of threads."""
        return {"step": self.step, "epoch": self.epoch, "threads": self.threads}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state.

        Raises:
            KeyError, TypeError, ValueError: It is not valid.
        """
        step, epoch = read_count(state["step"], self.steps), read_count(state["epoch"], self.epochs)
        if not 0 <= step - epoch * self.steps_per_epoch <= self.steps_per_epoch:
            raise ValueError(f"step {step} in epoch {epoch}")
        self.step, self.epoch = step, epoch
        self.threads = None if state["threads"] is None else read_count(state["threads"])


@dataclass(frozen=True)
class SplitBatches:
    """Batches of the three splits."""

    train: Batches
    val: Batches
    test: Batches


@dataclass(eq=False)
class RunState:
    """Everything a run trains with; :func:`build_run_state` builds it.

    Attributes:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Training device.
        tasks: Task heads, in order.
        batches: Batches of the data.
        model: The model.
        regularizer: Protects the tasks of the run it begins with; None if there are none.
        weighting: The weighting method, which manual weights can override.
        optimizer: The optimizer of the model and the weighting method.
        loss_scaler: Scales the gradients of fp16.
        weight_average: Average of the model's weights.
        monitor: Selects the best epoch.
        lr_schedule: The learning rate schedule.
        metric_log: Series, events and progress.
        counters: Its position.
        initialization_summary: Which weights it begins with; empty for random ones.
        parts: What a checkpoint saves, by the names it has there, in the order in which it is restored.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    tasks: tuple[TaskHead, ...]
    batches: SplitBatches
    model: MultiTaskModel
    regularizer: ContinualRegularizer | None
    weighting: ManualOverride
    optimizer: torch.optim.Optimizer
    loss_scaler: LossScaler
    weight_average: WeightAverage
    monitor: Monitor
    lr_schedule: LRSchedule
    metric_log: MetricLog
    counters: Counters
    initialization_summary: str = ""
    parts: dict[str, Stateful] = field(init=False)

    def __post_init__(self) -> None:
        self.parts = {
            "model": self.model,
            "optimizer": OptimizerState(self.optimizer),
            "weighting": self.weighting,
            "average": self.weight_average,
            **({"kept": self.regularizer} if self.regularizer else {}),
            "monitor": self.monitor,
            "rate": self.lr_schedule,
            "scale": self.loss_scaler,
            "history": self.metric_log,
            "position": self.counters,
            "rng": TorchGenerators(),
        }

    @property
    def step(self) -> int:
        """Steps done."""
        return self.counters.step

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self.counters.epoch

    @property
    def is_done(self) -> bool:
        """Whether the last epoch is done, or early stopping ended the run."""
        return self.epoch >= self.counters.epochs or self.monitor.should_stop(self.spec.training.early_stopping)

    def has_finite_parameters(self) -> bool:
        """Whether all parameters of the model are finite."""
        return all(bool(parameter.isfinite().all()) for parameter in self.model.parameters())


def build_run_state(
    spec: ExperimentSpec,
    data: TaskData,
    device: torch.device,
    recorder: Recorder,
    initial_weights: Path | None = None,
) -> RunState:
    """Build the state of a run before its first step; random weights are drawn from torch's global generator.

    Args:
        spec: The experiment.
        data: Its data, on the CPU.
        device: Training device.
        recorder: Stores the series and events.
        initial_weights: File to initialize the shared layers from.

    Raises:
        InputError: The data, the device or the file does not fit the spec.
    """
    training, names = spec.training, spec.task_names
    check_precision(training.precision, device)
    tasks = tuple(build_task(task, data.targets[task.name]) for task in spec.tasks)
    model = build_model(spec.model, data.input_shapes, {task.name: task.out_features for task in tasks}).to(device)
    regularizer = build_regularizer(model, spec, tasks)
    summary = _load_initial_weights(initial_weights, data, model, regularizer) if initial_weights else ""
    weighting = ManualOverride(build_weighting(spec.weighting, spec.tasks, device=device), names)
    optimizer = build_optimizer(training.optimizer, build_param_groups(model, training), weighting.parameters())
    batches = _build_batches(spec, data, device)
    if batches.train.batch_size == 1:
        check_single_rows(model, batches.train.rows, data.input_shapes)
    counters = Counters(training.epochs, batches.train.count, training.threads)
    return RunState(
        spec=spec,
        data=data,
        device=device,
        tasks=tasks,
        batches=batches,
        model=model,
        regularizer=regularizer,
        weighting=weighting,
        optimizer=optimizer,
        loss_scaler=LossScaler(model, active=training.precision == "fp16"),
        weight_average=WeightAverage(training.averaging, model, training.epochs),
        monitor=Monitor(training.monitor, _metric_direction(training.monitor, tasks)),
        lr_schedule=LRSchedule(training, optimizer, counters.steps, counters.steps_per_epoch),
        metric_log=MetricLog(recorder, tasks, manual_loss_weights(spec), LossFloor(spec.weighting, names)),
        counters=counters,
        initialization_summary=summary,
    )


def _load_initial_weights(
    path: Path, data: TaskData, model: MultiTaskModel, regularizer: ContinualRegularizer | None
) -> str:
    """Load the weights of a file; return a summary."""
    initial = remap_vocabulary(data, model, read_initial_weights(path))
    summary = load_shared_layers(model, initial)
    return f"{summary}; {regularizer.load_heads(initial, data)}" if regularizer else summary


def _build_batches(spec: ExperimentSpec, data: TaskData, device: torch.device) -> SplitBatches:
    """Build the batches; copies the whole data set to the training device if it fits."""
    device_data = data.to(device) if fits_on_device(count_split_bytes(data.splits), device) else data
    names, batch_size = spec.task_names, spec.training.batch_size
    order = build_row_order(spec.training.sampling, data.train, spec.tasks)
    return SplitBatches(
        train=Batches(device_data.train, names, batch_size, device, drop_single=True, order=order),
        val=evaluation_batches(device_data.val, names, device),
        test=evaluation_batches(device_data.test, names, device),
    )


def _metric_direction(path: str, tasks: tuple[TaskHead, ...]) -> Literal["min", "max"]:
    """Return the direction of a monitored value."""
    task_name, _, metric = path.partition(".")
    return next((task.directions.get(metric, "min") for task in tasks if task.name == task_name), "min")

"""Predictors from trained runs: the model of one run, or an ensemble of several with their mean prediction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import Inputs, Split, TaskData
from mtl_core.datasets.preparation import load, load_again
from mtl_core.protocol.series_key import SplitName
from mtl_core.spec import ExperimentSpec, InputError, TargetInfo
from mtl_core.spec.reports import Shape
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batches
from mtl_core.training.metrics.validation import evaluation_batches
from mtl_core.training.persistence.checkpoints import Checkpoint, load_model
from mtl_core.training.runtime.devices import choose_device


@dataclass(frozen=True)
class SavedRun:
    """A trained run and its saved model.

    Attributes:
        run: Number of the run.
        spec: Its experiment.
        checkpoint: File of its best or last model.
        fingerprint: Digest of the data it was trained on; ``""`` to accept any data.
    """

    run: int
    spec: ExperimentSpec
    checkpoint: Path
    fingerprint: str


class Ensemble(nn.Module):
    """Ensemble of models of the same tasks, used like a single model.

    Each task's output gives the mean of the models' predictions: of class probabilities, or of values in the units of
    the target.

    Args:
        models: Models of any architectures.
        heads: The tasks, in order.
    """

    def __init__(self, models: Sequence[nn.Module], heads: Sequence[TaskHead]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self._heads = tuple(heads)

    def forward(self, inputs: Inputs) -> list[Tensor]:
        """Return each task's output, in task order."""
        outputs = zip(*(model(inputs) for model in self.models), strict=True)
        by_task = zip(self._heads, outputs, strict=True)
        return [
            head.average_outputs(torch.stack([head.average_members(output) for output in task_outputs]))
            for head, task_outputs in by_task
        ]


@dataclass(frozen=True)
class Predictor:
    """Model, task heads and data of a trained run, or of several runs as an ensemble.

    Attributes:
        spec: The experiment of the first run.
        data: The data of all runs.
        device: The device of the models.
        heads: The tasks, in order.
        models: The runs' models, in evaluation mode.
        model: The only model, or the ensemble.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    heads: tuple[TaskHead, ...]
    models: tuple[MultiTaskModel, ...]
    model: nn.Module

    def split(self, name: SplitName) -> Split:
        """Return the rows of a split."""
        return self.data.splits[name]

    def batches(self, name: SplitName) -> Batches:
        """Return the rows of a split in batches for evaluation."""
        return evaluation_batches(self.split(name), self.spec.task_names, self.device)


def load_predictor(saved: Sequence[SavedRun], device: torch.device | None = None, *, min_runs: int = 1) -> Predictor:
    """Load the model of one run, or those of several as an ensemble.

    Args:
        saved: One run, or several of the same tasks and data.
        device: The device; by default that of the first run.
        min_runs: Minimum number of runs.

    Raises:
        InputError: The runs have different tasks or data, a checkpoint is incomplete or of another model, the data has
            changed, or the device is missing.
    """
    check_members(saved, min_runs)
    spec = saved[0].spec
    device = choose_device(spec.training.device) if device is None else device
    data = load_data(saved[0])
    models, heads, model = build_predictor(saved, data.targets, data.input_shapes, device)
    return Predictor(spec, data, device, heads, models, model)


def load_data(saved: SavedRun) -> TaskData:
    """Load the data that a run was trained on.

    Raises:
        InputError: It cannot be read, or has changed since.
    """
    data = (load_again if saved.fingerprint else load)(saved.spec.dataset, saved.spec.tasks)
    if saved.fingerprint and saved.fingerprint != data.fingerprint:
        fix = "Put the old data back, or run the experiment again."
        raise InputError("dataset", "the data has changed since the run was trained", fix=fix)
    return data


def build_predictor(
    saved: Sequence[SavedRun],
    targets: Mapping[str, TargetInfo],
    input_shapes: Mapping[str, Shape],
    device: torch.device,
) -> tuple[tuple[MultiTaskModel, ...], tuple[TaskHead, ...], nn.Module]:
    """Build the models of runs, their task heads, and the model for predictions: the only one, or the ensemble.

    Raises:
        InputError: A checkpoint is incomplete, or of another model.
    """
    models = tuple(_load_saved_model(run, targets, input_shapes, device) for run in saved)
    heads = tuple(build_task(task, targets[task.name]) for task in saved[0].spec.tasks)
    return models, heads, models[0] if len(models) == 1 else Ensemble(models, heads).eval()


def check_members(saved: Sequence[SavedRun], min_runs: int = 1) -> None:
    """Check that the predictions of runs can be averaged.

    Raises:
        InputError: There are too few runs, one occurs twice, or they have different tasks or data.
    """
    runs = [member.run for member in saved]
    if len(runs) < min_runs or len(set(runs)) < len(runs):
        raise InputError("RUN", "an ensemble needs at least two runs, each once", found=" ".join(map(str, runs)))
    first = saved[0]
    for member in saved[1:]:
        if member.spec.tasks != first.spec.tasks:
            rule = f"the runs of an ensemble need the same tasks with the same settings as run {first.run}"
            raise InputError(f"run {member.run}", rule, found=", ".join(member.spec.task_names))
        if member.fingerprint != first.fingerprint:
            rule = f"the runs of an ensemble need the same data and split as run {first.run}"
            raise InputError(f"run {member.run}", rule, fix="Take runs of one data set, such as the seeds of a study.")


def _load_saved_model(
    saved: SavedRun, targets: Mapping[str, TargetInfo], input_shapes: Mapping[str, Shape], device: torch.device
) -> MultiTaskModel:
    outputs = {name: target.outputs for name, target in targets.items()}
    model = build_model(saved.spec.model, input_shapes, outputs).to(device)
    load_model(model, saved.checkpoint, Checkpoint.load(saved.checkpoint, device).parts.get("model", {}))
    return model.eval()

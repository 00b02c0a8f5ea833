"""Trained runs read back as one predictor: the model of one, or the mean of the predictions of several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.preparation import load, load_again
from mtl_core.spec import ExperimentSpec, InputError, TargetInfo
from mtl_core.tasks import TaskHead, build_task
from mtl_core.training.batching.batches import Batches
from mtl_core.training.metrics.validation import evaluation_batches
from mtl_core.training.persistence.checkpoints import Checkpoint, load_model
from mtl_core.training.runtime.devices import choose_device

SplitName = Literal["train", "val", "test"]


@dataclass(frozen=True)
class SavedRun:
    """A run whose model takes part.

    Attributes:
        run: Its number.
        spec: Its experiment.
        checkpoint: The file of its best or last model.
        fingerprint: Digest of the data it was trained on; ``""`` to take any data.
    """

    run: int
    spec: ExperimentSpec
    checkpoint: Path
    fingerprint: str


class Ensemble(nn.Module):
    """Models of the same tasks as one, which is called and read like each of them.

    Each task's output is such that its prediction is the mean of the models' predictions: of class probabilities, of
    values in the target's units.

    Args:
        models: Of any architectures.
        heads: The tasks, in order.
    """

    def __init__(self, models: Sequence[nn.Module], heads: Sequence[TaskHead]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self._heads = tuple(heads)

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each task's output, in task order."""
        outputs = zip(*(model(inputs) for model in self.models), strict=True)
        return [head.average_outputs(torch.stack(found)) for head, found in zip(self._heads, outputs, strict=True)]


@dataclass(frozen=True)
class Predictor:
    """What one trained run, or several as one, predict with.

    Attributes:
        spec: The experiment of the first.
        data: The data of all.
        device: Where it computes.
        heads: The tasks, in order.
        models: The runs' models, in evaluation mode.
        model: The only one, or the ensemble of all.
    """

    spec: ExperimentSpec
    data: TaskData
    device: torch.device
    heads: tuple[TaskHead, ...]
    models: tuple[MultiTaskModel, ...]
    model: nn.Module

    def split(self, name: SplitName) -> Split:
        """The rows of a split."""
        return {"train": self.data.train, "val": self.data.val, "test": self.data.test}[name]

    def batches(self, name: SplitName) -> Batches:
        """Those rows, in batches for scores and predictions."""
        return evaluation_batches(self.split(name), self.spec.task_names, self.device)


def load_predictor(saved: Sequence[SavedRun], device: torch.device | None = None, *, least: int = 1) -> Predictor:
    """Read the model of one run, or those of several as an ensemble.

    Args:
        saved: One run, or several of the same tasks and data.
        device: Where to compute; without one where the first run asks to.
        least: How many runs there must be.

    Raises:
        InputError: The runs do not belong together, a checkpoint is not whole or of another model, the data has
            changed, or the device is not here.
    """
    check_members(saved, least)
    spec = saved[0].spec
    device = choose_device(spec.training.device) if device is None else device
    data = load_data(saved[0])
    models, heads, model = build_predictor(saved, data.targets, data.input_shape, device)
    return Predictor(spec, data, device, heads, models, model)


def load_data(saved: SavedRun) -> TaskData:
    """The data that a run was trained on.

    Raises:
        InputError: It cannot be read, or has changed since.
    """
    data = (load_again if saved.fingerprint else load)(saved.spec.dataset, saved.spec.tasks)
    if saved.fingerprint and saved.fingerprint != data.fingerprint:
        fix = "Put the old data back, or run the experiment again."
        raise InputError("dataset", "the data has changed since the run was trained", fix=fix)
    return data


def build_predictor(
    saved: Sequence[SavedRun], targets: Mapping[str, TargetInfo], input_shape: tuple[int, ...], device: torch.device
) -> tuple[tuple[MultiTaskModel, ...], tuple[TaskHead, ...], nn.Module]:
    """The models of some runs, their tasks, and the model that predicts: the only one, or the ensemble of all.

    Raises:
        InputError: A checkpoint is not whole, or of another model.
    """
    models = tuple(_model_of(one, targets, input_shape, device) for one in saved)
    heads = tuple(build_task(task, targets[task.name]) for task in saved[0].spec.tasks)
    return models, heads, models[0] if len(models) == 1 else Ensemble(models, heads).eval()


def check_members(saved: Sequence[SavedRun], least: int = 1) -> None:
    """See that runs can be averaged: as many as are needed, each once, of the same tasks and data.

    Raises:
        InputError: They do not belong together.
    """
    runs = [one.run for one in saved]
    if len(runs) < least or len(set(runs)) < len(runs):
        raise InputError("RUN", "an ensemble needs at least two runs, each once", found=" ".join(map(str, runs)))
    first = saved[0]
    for one in saved[1:]:
        if one.spec.tasks != first.spec.tasks:
            rule = f"the runs of an ensemble need the same tasks with the same settings as run {first.run}"
            raise InputError(f"run {one.run}", rule, found=", ".join(one.spec.task_names))
        if one.fingerprint != first.fingerprint:
            rule = f"the runs of an ensemble need the same data and split as run {first.run}"
            raise InputError(f"run {one.run}", rule, fix="Take runs of one data set, such as the seeds of a study.")


def _model_of(
    one: SavedRun, targets: Mapping[str, TargetInfo], input_shape: tuple[int, ...], device: torch.device
) -> MultiTaskModel:
    outputs = {name: target.outputs for name, target in targets.items()}
    model = build_model(one.spec.model, input_shape, outputs).to(device)
    load_model(model, one.checkpoint, Checkpoint.load(one.checkpoint, device).parts.get("model", {}))
    return model.eval()

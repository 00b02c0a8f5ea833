"""Several trained runs as one predictor: the mean of their predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.datasets import TaskData, load
from mtl_core.evaluation.report import SplitName, check_data, rows_of, saved_model
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.tasks import build_task
from mtl_core.tasks.averaging import Average, build_average
from mtl_core.training.devices import choose_device
from mtl_core.training.validation import Scores, evaluation_batches, score


@dataclass(frozen=True)
class SavedRun:
    """A run whose model takes part.

    Attributes:
        run: Its number.
        spec: Its experiment.
        checkpoint: The file of its best or last model.
        fingerprint: Digest of the data it was trained on.
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
        averages: For each task, in order, how the models' outputs become one.
    """

    def __init__(self, models: Sequence[nn.Module], averages: Sequence[Average]) -> None:
        super().__init__()
        self.models = nn.ModuleList(models)
        self._averages = tuple(averages)

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """Each task's output, in task order."""
        outputs = zip(*(model(inputs) for model in self.models), strict=True)
        return [average(torch.stack(found)) for average, found in zip(self._averages, outputs, strict=True)]


@dataclass(frozen=True)
class EnsembleScores:
    """What an ensemble and each of its members come to.

    Attributes:
        runs: The members.
        ensemble: Losses and metrics of the mean prediction.
        members: Those of each member.
    """

    runs: tuple[int, ...]
    ensemble: Scores
    members: tuple[Scores, ...]

    def data(self) -> dict[str, Any]:
        """As plain data."""
        pairs = zip(self.runs, self.members, strict=True)
        members = [{"run": run, "metrics": scores} for run, scores in pairs]
        return {"runs": list(self.runs), "metrics": self.ensemble, "members": members}


def load_predictor(saved: Sequence[SavedRun], data: TaskData, device: torch.device) -> nn.Module:
    """The model of one run, or the ensemble of several, in evaluation mode.

    Args:
        saved: One run, or several of the same tasks and data.
        data: That data.
        device: Where to compute.

    Raises:
        InputError: They do not belong together, a checkpoint is not whole, or the data has changed.
    """
    if len(saved) > 1:
        return load_ensemble(saved, data, device)
    check_data(data, saved[0].fingerprint)
    return saved_model(saved[0].spec, saved[0].checkpoint, data, device).eval()


def load_ensemble(saved: Sequence[SavedRun], data: TaskData, device: torch.device) -> Ensemble:
    """The ensemble of some runs, in evaluation mode.

    Args:
        saved: At least two runs of the same tasks and data.
        data: That data.
        device: Where to compute.

    Raises:
        InputError: They do not belong together, or a checkpoint is not whole.
    """
    _check(saved)
    check_data(data, saved[0].fingerprint)
    models = [saved_model(one.spec, one.checkpoint, data, device) for one in saved]
    averages = [build_average(task, data.targets[task.name]) for task in saved[0].spec.tasks]
    return Ensemble(models, averages).eval()


def evaluate_ensemble(saved: Sequence[SavedRun], split: SplitName) -> EnsembleScores:
    """Losses and metrics of the mean prediction of some runs, and of each run.

    Args:
        saved: At least two runs of the same tasks and data; the device is the first one's.
        split: Which rows.

    Raises:
        InputError: They do not belong together, a checkpoint is not whole, or the data has changed.
    """
    _check(saved)
    spec = saved[0].spec
    device = choose_device(spec.training.device)
    data = load(spec.dataset, spec.tasks)
    ensemble = load_ensemble(saved, data, device)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    batches = evaluation_batches(rows_of(data, split), spec.task_names, device)
    members = tuple(score(model, tasks, batches) for model in ensemble.models)
    return EnsembleScores(tuple(one.run for one in saved), score(ensemble, tasks, batches), members)


def _check(saved: Sequence[SavedRun]) -> None:
    """See that runs can be averaged: two at least, each once, of the same tasks and data."""
    runs = [one.run for one in saved]
    if len(set(runs)) < 2 or len(set(runs)) < len(runs):
        raise InputError("RUN", "an ensemble needs at least two runs, each once", found=" ".join(map(str, runs)))
    first = saved[0]
    for one in saved[1:]:
        if one.spec.tasks != first.spec.tasks:
            rule = f"the runs of an ensemble need the same tasks with the same settings as run {first.run}"
            raise InputError(f"run {one.run}", rule, found=", ".join(one.spec.task_names))
        if one.fingerprint != first.fingerprint:
            rule = f"the runs of an ensemble need the same data and split as run {first.run}"
            raise InputError(f"run {one.run}", rule, fix="Take runs of one data set, such as the seeds of a study.")

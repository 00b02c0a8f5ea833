"""Predictions of a run on a split with targets and the loss of each row, kept in a file beside its checkpoints.

They are computed once, and again only when the checkpoint or the data has changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.analysis.diagnostics.predictions import Floats, Form, Integers, TaskPredictions
from mtl_core.datasets.data import row_mask
from mtl_core.datasets.registry import data_version
from mtl_core.errors import WorkbenchError
from mtl_core.evaluation.ensemble import Predictor, SavedRun, load_predictor
from mtl_core.files import atomic_write
from mtl_core.protocol.series_key import SplitName
from mtl_core.tasks import TaskHead
from mtl_core.training.metrics.task_outputs import output_form, output_names, read_outputs
from mtl_core.training.persistence.tensor_files import (
    DamageError,
    content_digest,
    damaged_file_error,
    read_tensors,
    write_tensors,
)

ARTIFACT_KIND = "predictions"
"""Kind of the artifact; the split follows after a colon, as in ``predictions:test``."""
_FORMAT = 1
_PARTS = ("targets", "predictions", "losses")


@dataclass(frozen=True)
class PredictionKey:
    """What predictions follow from.

    Attributes:
        checkpoint: Digest of the checkpoint.
        fingerprint: Fingerprint of the data the run was trained on.
        data_version: Version of the data when they were computed.
        format: Version of the file.
    """

    checkpoint: str
    fingerprint: str
    data_version: str
    format: int = _FORMAT

    @classmethod
    def of(cls, saved: SavedRun) -> "PredictionKey":
        """The key of a run's predictions now.

        Raises:
            InputError: A file of the data is gone.
            StoreError: The checkpoint is damaged.
        """
        try:
            digest = content_digest(saved.checkpoint)
        except (FileNotFoundError, DamageError) as error:
            raise damaged_file_error(saved.checkpoint, error) from None
        return cls(digest, saved.fingerprint, data_version(saved.spec.dataset))

    def data(self) -> dict[str, str | int]:
        """Plain data for the header of the file."""
        return dict(vars(self))


def predictions_path(folder: Path, split: SplitName) -> Path:
    """Return the file of a run's predictions on a split."""
    return folder / f"predictions-{split}.safetensors"


def read_predictions(path: Path, key: PredictionKey) -> tuple[TaskPredictions, ...] | None:
    """Read predictions from a file; None if there is none, or it is damaged or of another model or other data."""
    try:
        tensors, values = read_tensors(path)
        if values.get("key") != key.data():
            return None
        rows = tensors["rows"].numpy()
        return tuple(_read_task(task, rows, index, tensors) for index, task in enumerate(values["tasks"]))
    except (FileNotFoundError, DamageError, WorkbenchError, KeyError, TypeError):
        return None


def _read_task(task: Mapping[str, Any], rows: Integers, index: int, tensors: Mapping[str, Tensor]) -> TaskPredictions:
    targets, predictions, losses = (tensors[f"{index}/{part}"].numpy() for part in _PARTS)
    names = tuple(task["names"])
    return TaskPredictions(
        task["task"], task["form"], names, rows, targets, predictions, losses, ordered=task["ordered"]
    )


def write_predictions(path: Path, key: PredictionKey, tasks: Sequence[TaskPredictions]) -> None:
    """Write the predictions of the tasks of a run on the rows of a split.

    Raises:
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    tensors = {"rows": torch.from_numpy(tasks[0].rows)}
    for index, task in enumerate(tasks):
        tensors |= {f"{index}/{part}": torch.from_numpy(getattr(task, part)) for part in _PARTS}
    described = [
        {"task": task.task, "form": task.form, "names": list(task.names), "ordered": task.ordered} for task in tasks
    ]
    with atomic_write(path) as temporary:
        write_tensors(temporary, tensors, {"key": key.data(), "tasks": described})


def predict_tasks(saved: SavedRun, split: SplitName) -> tuple[TaskPredictions, ...]:
    """Predict every row of a split, and compute the loss of each row.

    Raises:
        InputError: The checkpoint is of another model, the data has changed, or the device is missing.
    """
    return predict_with(load_predictor([saved]), split)


@torch.inference_mode()
def predict_with(predictor: Predictor, split: SplitName) -> tuple[TaskPredictions, ...]:
    """Predict every row of a split with loaded models, or their mean, and compute the loss of each row."""
    rows = predictor.split(split).rows
    collected: list[list[tuple[NDArray[np.generic], Floats, Floats]]] = [[] for _ in predictor.heads]
    for batch in predictor.batches(split).iter_in_order():
        for i, output in enumerate(predictor.model(batch.inputs)):
            head = predictor.heads[i]
            form = output_form(predictor.spec.tasks[i].kind)
            averaged = head.average_members(output)
            collected[i].append(_predict_rows(head, form, averaged, batch.targets[i], batch.masks[i]))
    numbers = np.arange(len(predictor.split(split))) if rows is None else rows.numpy().astype(np.int64)
    results = []
    for task, parts in zip(predictor.spec.tasks, collected, strict=True):
        targets, predictions, losses = (np.concatenate(part) for part in zip(*parts, strict=True))
        form = output_form(task.kind)
        names = output_names(form, predictor.data.targets[task.name], task.targets)
        results.append(
            TaskPredictions(
                task.name, form, names, numbers, targets, predictions, losses, ordered=task.kind == "ordinal"
            )
        )
    return tuple(results)


def _predict_rows(
    head: TaskHead, form: Form, output: Tensor, target: Tensor, mask: Tensor | None
) -> tuple[NDArray[np.generic], Floats, Floats]:
    """Return targets, predictions and losses of a batch, as in :class:`TaskPredictions`."""
    losses = row_losses(head, output, target, mask).double()
    if mask is not None:
        losses = losses.masked_fill(~row_mask(mask), torch.nan)
    if form == "losses":
        empty = np.zeros((len(target), 0))
        return empty, empty, losses.cpu().numpy()
    return *read_outputs(head, form, output, target, mask), losses.cpu().numpy()


def row_losses(head: TaskHead, output: Tensor, target: Tensor, mask: Tensor | None) -> Tensor:
    """Return the loss of each row alone, ``[N]``; 0 for a row without a label.

    Args:
        head: The task.
        output: ``[N, …]`` outputs without members.
        target: ``[N, …]`` targets.
        mask: ``[N]`` or ``[N, W]`` labels that are present; None if all are.
    """

    def loss(output_row: Tensor, target_row: Tensor, mask_row: Tensor | None = None) -> Tensor:
        return head.loss(output_row[None], target_row[None], None if mask_row is None else mask_row[None])

    rows = (output, target) if mask is None else (output, target, mask)
    try:
        return torch.vmap(loss)(*rows)
    except RuntimeError:  # a loss of another package may branch on values
        return torch.stack([loss(*row) for row in zip(*rows, strict=True)])

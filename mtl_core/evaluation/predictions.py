"""What trained models predict for the rows of a split, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mtl_core.evaluation.ensemble import Predictor, SavedRun, SplitName, load_predictor
from mtl_core.tasks import TaskHead
from mtl_core.tasks.prediction_columns import TaskColumns
from mtl_core.training.batching.batches import Batch


@dataclass(frozen=True)
class Predictions:
    """A table with a row per row of a split.

    Attributes:
        header: Names of the columns: ``row``, which counts the data's rows from 1, and those of each task
            (:class:`mtl_core.tasks.prediction_columns.TaskColumns`).
        rows: The cells of each row, computed as they are taken; a truth that nobody knows is ``""``.
    """

    header: tuple[str, ...]
    rows: Iterator[list[Any]]


def predict(saved: Sequence[SavedRun], split: SplitName) -> Predictions:
    """The predictions of a run, or the mean prediction of several, beside the truth.

    Args:
        saved: One run, or several of the same tasks and data; the device is the first one's.
        split: Which rows.

    Raises:
        InputError: The runs do not belong together, a checkpoint is not whole, or the data has changed.
    """
    predictor = load_predictor(saved)
    columns = [head.columns() for head in predictor.heads]
    names = (name for one in columns for name in (*one.predicted, *one.truth))
    return Predictions(("row", *names), _rows(predictor, columns, split))


def _rows(predictor: Predictor, columns: Sequence[TaskColumns], name: SplitName) -> Iterator[list[Any]]:
    split = predictor.split(name)
    numbers = iter(range(len(split)) if split.rows is None else split.rows.tolist())
    for batch in predictor.batches(name).iter_in_order():
        for cells in _cells(predictor.model, predictor.heads, columns, batch):
            yield [next(numbers) + 1, *cells]


@torch.inference_mode()
def _cells(
    model: torch.nn.Module, heads: Sequence[TaskHead], columns: Sequence[TaskColumns], batch: Batch
) -> list[list[Any]]:
    """Each row's cells of all tasks."""
    cells: list[list[Any]] = [[] for _ in batch.inputs]
    inputs = batch.inputs.cpu()
    for i, output in enumerate(model(batch.inputs)):
        # In double precision, so that probabilities sum to 1 as far as they are written out.
        found = columns[i].format_predictions(heads[i].predict(output.double()).cpu(), inputs)
        truth = columns[i].format_targets(batch.targets[i].cpu())
        mask = batch.masks[i]
        for place, (row, predicted, true) in enumerate(zip(cells, found, truth, strict=True)):
            row += [*predicted, *(true if mask is None else _known(true, mask[place]))]
    return cells


def _known(truth: list[Any], mask: torch.Tensor) -> list[Any]:
    """The cells of a row's truth, empty where its label, or a value of it, is not there."""
    there = mask.tolist() if mask.dim() else [bool(mask)] * len(truth)
    return [cell if known else "" for cell, known in zip(truth, there, strict=True)]

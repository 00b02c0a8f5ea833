"""Table of predictions of trained models for the rows of a split."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mtl_core.datasets.inputs.registry import token_input
from mtl_core.evaluation.ensemble import Predictor, SavedRun, load_predictor
from mtl_core.protocol.series_key import SplitName
from mtl_core.tasks import TaskHead
from mtl_core.tasks.prediction_columns import TaskColumns
from mtl_core.training.batching.batches import Batch


@dataclass(frozen=True)
class Predictions:
    """A table with one row per row of a split.

    Attributes:
        header: Names of the columns: ``row``, which counts the data's rows from 1, and those of each task
            (:class:`mtl_core.tasks.prediction_columns.TaskColumns`).
        rows: The cells of each row, computed lazily; the cell of a missing target is ``""``.
    """

    header: tuple[str, ...]
    rows: Iterator[list[Any]]


def predict(saved: Sequence[SavedRun], split: SplitName) -> Predictions:
    """Predict with a run, or with the mean prediction of several; the table has the targets too.

    Args:
        saved: One run, or several of the same tasks and data; the device is the first one's.
        split: The rows.

    Raises:
        InputError: The runs have different tasks or data, a checkpoint is incomplete, or the data has changed.
    """
    predictor = load_predictor(saved)
    columns = [head.columns() for head in predictor.heads]
    names = (name for task in columns for name in (*task.predicted, *task.truth))
    return Predictions(("row", *names), _rows(predictor, columns, split))


def _rows(predictor: Predictor, columns: Sequence[TaskColumns], name: SplitName) -> Iterator[list[Any]]:
    split = predictor.split(name)
    numbers = iter(range(len(split)) if split.rows is None else split.rows.tolist())
    tokens = token_input(predictor.data.preprocessing)
    for batch in predictor.batches(name).iter_in_order():
        for cells in _cells(predictor.model, predictor.heads, columns, batch, tokens):
            yield [next(numbers) + 1, *cells]


@torch.inference_mode()
def _cells(
    model: torch.nn.Module, heads: Sequence[TaskHead], columns: Sequence[TaskColumns], batch: Batch, tokens: str
) -> list[list[Any]]:
    """Return the cells of all tasks by row; ``tokens`` is the input that says where a text ends."""
    cells: list[list[Any]] = [[] for _ in range(len(batch))]
    inputs = batch.inputs[tokens].cpu()
    for i, output in enumerate(model(batch.inputs)):
        # In double precision, so that probabilities sum to 1 in all digits that are written.
        predictions = columns[i].format_predictions(heads[i].predict(output.double()).cpu(), inputs)
        truth = columns[i].format_targets(batch.targets[i].cpu())
        mask = batch.masks[i]
        for index, (row, predicted, true) in enumerate(zip(cells, predictions, truth, strict=True)):
            row += [*predicted, *(true if mask is None else _blank_missing(true, mask[index]))]
    return cells


def _blank_missing(truth: list[Any], mask: torch.Tensor) -> list[Any]:
    """Return the target cells of a row with ``""`` for missing ones, by the mask of the row or of its values."""
    has_value = mask.tolist() if mask.dim() else [bool(mask)] * len(truth)
    return [cell if present else "" for cell, present in zip(truth, has_value, strict=True)]

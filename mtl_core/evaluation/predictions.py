"""What trained models predict for the rows of a split, as a table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from mtl_core.datasets import Split, load
from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.evaluation.report import SplitName, rows_of
from mtl_core.tasks import TaskHead, build_task
from mtl_core.tasks.table import TaskColumns, task_columns
from mtl_core.training.batches import Batch
from mtl_core.training.devices import choose_device
from mtl_core.training.validation import evaluation_batches


@dataclass(frozen=True)
class Predictions:
    """A table with a row per row of a split.

    Attributes:
        header: Names of the columns: ``row``, which counts the data's rows from 1, and those of each task
            (:class:`mtl_core.tasks.table.TaskColumns`).
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
    spec = saved[0].spec
    device = choose_device(spec.training.device)
    data = load(spec.dataset, spec.tasks)
    model = load_predictor(saved, data, device)
    heads = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    columns = [task_columns(task, data.targets[task.name]) for task in spec.tasks]
    names = (name for one in columns for name in (*one.predicted, *one.truth))
    rows = rows_of(data, split)
    return Predictions(("row", *names), _rows(model, heads, columns, rows, device))


def _rows(
    model: torch.nn.Module,
    heads: Sequence[TaskHead],
    columns: Sequence[TaskColumns],
    split: Split,
    device: torch.device,
) -> Iterator[list[Any]]:
    numbers = range(len(split)) if split.rows is None else split.rows.tolist()
    batches = evaluation_batches(split, tuple(head.name for head in heads), device)
    place = 0
    for batch in batches.in_order():
        for cells in _cells(model, heads, columns, batch):
            yield [numbers[place] + 1, *cells]
            place += 1


@torch.inference_mode()
def _cells(
    model: torch.nn.Module, heads: Sequence[TaskHead], columns: Sequence[TaskColumns], batch: Batch
) -> list[list[Any]]:
    """Each row's cells of all tasks."""
    cells: list[list[Any]] = [[] for _ in batch.inputs]
    inputs = batch.inputs.cpu()
    for i, output in enumerate(model(batch.inputs)):
        # In double precision, so that probabilities sum to 1 as far as they are written out.
        found = columns[i].read(heads[i].predict(output.double()).cpu(), inputs)
        truth = columns[i].tell(batch.targets[i].cpu())
        mask = batch.masks[i]
        there = [True] * len(cells) if mask is None else mask.tolist()
        for row, predicted, true, known in zip(cells, found, truth, there, strict=True):
            row += [*predicted, *(true if known else [""] * len(true))]
    return cells

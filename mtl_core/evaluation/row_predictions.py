"""Table of predictions of trained models for the rows of a file."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn

from mtl_core.datasets.data import Inputs
from mtl_core.datasets.inputs.registry import token_input
from mtl_core.datasets.new_rows import NewRows, read_new_rows
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import SavedRun, build_predictor, check_members, load_data
from mtl_core.spec import TargetInfo, Task
from mtl_core.tabular.readers.table_format import UnreadableRow
from mtl_core.tasks import TaskHead
from mtl_core.training.runtime.devices import choose_device


@dataclass(frozen=True)
class RowPredictions:
    """A table with one row per row of a file.

    Attributes:
        header: ``row``, which counts the file's rows from 1, and the columns of each task's prediction
            (:class:`mtl_core.tasks.prediction_columns.TaskColumns`).
        rows: The cells of each row, computed lazily; empty for a row without a prediction.
        notes: Returns how missing or unknown cells and unreadable files were treated, one line each; complete when all
            rows were computed.
        unreadable: Returns the rows without a prediction, with the reason; complete when all rows were computed.
    """

    header: tuple[str, ...]
    rows: Iterator[list[Any]]
    notes: Callable[[], tuple[str, ...]]
    unreadable: Callable[[], tuple[UnreadableRow, ...]]


def predict_rows(
    saved: Sequence[SavedRun], path: str, preprocessing: Mapping[str, Any] | None = None
) -> RowPredictions:
    """Predict with a run, or with the mean prediction of several, for the rows of a file without targets.

    Args:
        saved: One run, or several of the same tasks and data; the device is the first one's.
        path: A table file with at least the input columns.
        preprocessing: Preprocessing of the training rows, if it was saved; by default the data of the runs is read.

    Raises:
        InputError: The runs have different tasks or data, a checkpoint is incomplete, the data has changed, or the
            file cannot be read or lacks an input.
    """
    check_members(saved)
    spec = saved[0].spec
    if preprocessing is None:
        data = load_data(saved[0])
        preprocessing, targets = data.preprocessing, data.targets
    else:
        targets = {task.name: _target(task, preprocessing) for task in spec.tasks}
    rows = read_new_rows(path, preprocessing)
    device = choose_device(spec.training.device)
    _, heads, model = build_predictor(saved, targets, rows.shapes, device)
    names = (name for head in heads for name in head.columns().predicted)
    cells = _cells(rows, model, heads, token_input(preprocessing))
    return RowPredictions(("row", *names), cells, rows.notes, rows.unreadable)


def _target(task: Task, preprocessing: Mapping[str, Any]) -> TargetInfo:
    """Return the target of a task as described in a manifest, which has no class counts; they are not needed."""
    try:
        fields = {key: value for key, value in preprocessing["targets"][task.name].items() if key != "columns"}
        classes = len(fields.get("classes", ()))
        return TargetInfo(**fields, name=task.name, counts=(1,) * classes, labelled=max(classes, 1))
    except (KeyError, TypeError, AttributeError, ValidationError):
        fix = "Export the runs again."
        raise InputError("preprocessing", f"does not describe the target of task {task.name!r}", fix=fix) from None


def _cells(rows: NewRows, model: nn.Module, heads: Sequence[TaskHead], tokens: str) -> Iterator[list[Any]]:
    numbers = count(1)
    for batch in rows.batches():
        predictions = _predictions(model, heads, batch.inputs, tokens)
        for cells, readable in zip(predictions, batch.readable.tolist(), strict=True):
            yield [next(numbers), *(cells if readable else [""] * len(cells))]


@torch.inference_mode()
def _predictions(model: nn.Module, heads: Sequence[TaskHead], inputs: Inputs, tokens: str) -> list[list[Any]]:
    """Return the cells of all tasks by row; ``tokens`` is the input that says where a text ends."""
    device = next(model.parameters()).device
    cells: list[list[Any]] = [[] for _ in inputs[tokens]]
    outputs = model({name: tensor.to(device) for name, tensor in inputs.items()})
    for head, output in zip(heads, outputs, strict=True):
        # In double precision, so that probabilities sum to 1 in all digits that are written.
        predicted = head.columns().format_predictions(head.predict(output.double()).cpu(), inputs[tokens])
        for row, task_cells in zip(cells, predicted, strict=True):
            row.extend(task_cells)
    return cells

"""Partial dependence (Friedman 2001) and individual lines (Goldstein et al. 2015) of a prediction on a column."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from mtl_core.datasets.data import Split
from mtl_core.datasets.features import apply_inputs
from mtl_core.errors import InputError
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.input_parts import InputPart
from mtl_core.explanation.row_selection import draw_rows, select_rows
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec.inputs import presence_key
from mtl_core.tabular.column import Column, Rows, format_number
from mtl_core.tabular.values.dates import date_text
from mtl_core.tabular.values.numerals import Floats
from mtl_core.text import format_names
from mtl_core.training.metrics.validation import evaluation_batches

MOST_ROWS = 500
MOST_VALUES = 30
MOST_LINES = 30


@dataclass(frozen=True, eq=False)
class ColumnValues:
    """The values of a column at which predictions are made.

    Attributes:
        column: A row for each value.
        numbers: The values as numbers; of categories their places from 0.
        labels: The values as text.
        is_number: Whether they are numbers or dates.
    """

    column: Column
    numbers: tuple[float, ...]
    labels: tuple[str, ...]
    is_number: bool


@dataclass(frozen=True, eq=False)
class ColumnDependence:
    """Predictions of a task at some values of a column.

    Attributes:
        values: The values.
        rows: Number of rows.
        means: ``[outputs, values]`` mean prediction.
        lines: ``[lines, outputs, values]`` predictions of some of the rows.
    """

    values: ColumnValues
    rows: int
    means: Tensor
    lines: Tensor


def dependence_columns(model: ExplainedModel) -> tuple[str, ...]:
    """The columns whose dependence can be computed."""
    return tuple(part.name for part in model.parts if part.kind == "column")


def column_values(column: Column, rows: Rows, part: InputPart) -> ColumnValues:
    """Values of a column: of numbers quantiles of those that occur, else the categories that the model knows.

    Args:
        column: The column of the data.
        rows: The rows whose numbers count.
        part: The column as the model reads it.

    Raises:
        InputError: No row has a value.
    """
    if column.type == "numeric":
        numbers = column.numbers[rows]
        grid = np.unique(numbers[np.isfinite(numbers)])
        if not len(grid):
            raise InputError("column", "has no value in the rows of the split", found=column.name)
        if len(grid) > MOST_VALUES:
            grid = np.unique(np.quantile(grid, np.linspace(0, 1, MOST_VALUES)))
        to_text = partial(date_text, order=column.format.dates) if column.format.dates else format_number
        return ColumnValues(_numeric(column, grid), tuple(grid.tolist()), tuple(map(to_text, grid.tolist())), True)
    encoder = next(encoder for encoders in part.encoders.values() for encoder in encoders)
    texts = tuple(encoder["categories"])[:MOST_VALUES]
    if not texts:
        raise InputError("column", "has no category that the model tells apart", found=column.name)
    places = np.arange(len(texts))
    made = Column(column.name, "categorical", np.full(len(texts), np.nan), places, texts)
    return ColumnValues(made, tuple(map(float, places)), texts, False)


def _numeric(column: Column, grid: Floats) -> Column:
    return Column(column.name, "numeric", grid, np.full(len(grid), -1, np.int64), format=column.format)


def partial_dependence(
    model: ExplainedModel,
    split: Split,
    columns: Mapping[str, Column],
    task: str,
    column: str,
    *,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> ColumnDependence:
    """Set a column to each of some values in all rows, and predict.

    Rows that lack the table of the column are left out.

    Args:
        model: The model.
        split: The rows; of more than ``most_rows`` some are drawn.
        columns: The columns of the data.
        task: The task.
        column: The column.
        seed: Of the rows drawn.
        most_rows: Most rows.

    Raises:
        InputError: There is no such task or column, or no row has it.
    """
    index = model.task_index(task)
    part = _find_column(model, column)
    rows = draw_rows(_with_part(split, part), most_rows, seed)
    if not len(rows):
        raise InputError("split", "has no row with this column", found=column)
    source = columns[column]
    numbers = np.arange(len(source.numbers)) if rows.rows is None else rows.rows.numpy()
    values = column_values(source, numbers, part)
    count = len(values.labels)
    features = {
        name: torch.from_numpy(apply_inputs(encoders, {column: values.column}, count)).to(rows.device)
        for name, encoders in part.encoders.items()
    }
    predictions = []
    for number in range(count):
        report_progress(f"Predicting with {column} = {values.labels[number]}", number / count)
        changed = dict(rows.inputs)
        for name, indices in part.features.items():
            changed[name] = rows.inputs[name].clone()
            changed[name][:, list(indices or ())] = features[name][number]
        predictions.append(_predict(model, replace(rows, inputs=changed), index))
    stacked = torch.stack(predictions, dim=2)  # [rows, outputs, values]
    lines = torch.linspace(0, len(rows) - 1, min(MOST_LINES, len(rows))).round().long()
    return ColumnDependence(values, len(rows), stacked.mean(dim=0), stacked[lines])


def _find_column(model: ExplainedModel, name: str) -> InputPart:
    for part in model.parts:
        if part.kind == "column" and part.name == name:
            return part
    names = dependence_columns(model)
    fix = f"The columns are {format_names(names, 8)}." if names else "The model reads no table."
    raise InputError("column", "must be a column that the model reads from a table", found=name, fix=fix)


def _with_part(split: Split, part: InputPart) -> Split:
    """The rows that have all tables of a column."""
    masks = [split.inputs[presence_key(name)] for name in part.features if presence_key(name) in split.inputs]
    if not masks:
        return split
    return select_rows(split, torch.stack(masks).all(dim=0).nonzero().flatten())


@torch.inference_mode()
def _predict(model: ExplainedModel, rows: Split, task: int) -> Tensor:
    """``[N, outputs]`` predictions of a task."""
    batches = evaluation_batches(rows, model.task_names, model.device).iter_in_order()
    return torch.cat([model.decode(task, model.model(batch.inputs)[task]).cpu() for batch in batches])

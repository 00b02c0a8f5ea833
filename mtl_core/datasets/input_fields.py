"""The input columns of a model as fields of a form: ranges, categories, and rows to begin with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np

from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.input_columns import InputColumn, input_columns
from mtl_core.datasets.source import Source
from mtl_core.protocol.predictions import Cell, InputField, PredictionForm
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.values.dates import date_text

MOST_ROWS = 100
"""Most validation rows that are offered to begin with."""
_LOW, _HIGH = 0.01, 0.99
_SCORE = NormalDist().inv_cdf(_HIGH)


def describe_fields(
    preprocessing: Mapping[str, Any], tasks: Sequence[str], data: tuple[TaskData, Source] | None = None
) -> PredictionForm:
    """Describe the fields of a form for one row.

    Args:
        preprocessing: That of the training data.
        tasks: Names of the tasks.
        data: The data of the run; without it, ranges follow from the preprocessing, and there are no rows to begin
            with.

    Raises:
        InputError: An input is no column.
    """
    columns = input_columns(preprocessing)
    if data is None:
        return PredictionForm(fields=tuple(map(_fitted_field, columns)), tasks=tuple(tasks))
    prepared, source = data
    train, rows = _row_indices(prepared.train), _row_indices(prepared.val)[:MOST_ROWS].tolist()
    read = [source.columns.get(column.name) for column in columns]  # none of sounds that come with a data set
    pairs = list(zip(columns, read, strict=True))
    cells = tuple(tuple(_cell(column, values, row, source.folder) for column, values in pairs) for row in rows)
    fields = [_field(column, values, train) for column, values in pairs]
    if cells:
        fields = [
            field if field.typical is not None else field.model_copy(update={"typical": cell})
            for field, cell in zip(fields, cells[0], strict=True)
        ]
    numbers = tuple(row + 1 for row in rows)
    return PredictionForm(fields=tuple(fields), rows=numbers, cells=cells, tasks=tuple(tasks))


def _row_indices(split: Split) -> Rows:
    return np.arange(len(split)) if split.rows is None else split.rows.numpy()


def _field(column: InputColumn, values: Column | None, train: Rows) -> InputField:
    """A field whose range and typical value are those of the training rows."""
    field = _fitted_field(column)
    if values is None or values.type != "numeric" or column.kind not in ("number", "date"):
        return field
    numbers = values.numbers[train]
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return field
    if column.kind == "date":
        return field.model_copy(update={"typical": date_text(float(np.median(numbers)), values.format.dates)})
    low, high = np.quantile(numbers, (_LOW, _HIGH)).tolist()
    return field.model_copy(update={"low": low, "high": high, "whole": values.whole})


def _fitted_field(column: InputColumn) -> InputField:
    """A field by the preprocessing alone."""
    field = InputField(column=column.name, input=column.input, kind=column.kind)
    if not column.encoders:
        return field
    encoder = column.encoders[0]
    if column.kind == "category":
        categories = tuple(encoder["categories"])
        return field.model_copy(update={"categories": categories, "typical": categories[0] if categories else None})
    if column.kind == "number":
        low, high = _fitted_range(encoder)
        return field.model_copy(update={"low": low, "high": high, "typical": float(encoder["median"])})
    return field


def _fitted_range(encoder: Mapping[str, Any]) -> tuple[float, float]:
    """About where most training numbers lie: the ends of the bins or quantiles, or as if they were normal."""
    if known := encoder.get("edges") or encoder.get("values"):
        return float(known[0]), float(known[-1])
    median = float(encoder["median"])
    if encoder.get("transform") == "min_max" and encoder["scale"]:
        return float(encoder["center"]), float(encoder["center"] + 1 / encoder["scale"])
    if "std" in encoder:
        return encoder["mean"] - _SCORE * encoder["std"], encoder["mean"] + _SCORE * encoder["std"]
    width = 2 / encoder["scale"] if encoder.get("transform") == "robust" and encoder["scale"] else abs(median) or 1.0
    return median - width, median + width


def _cell(column: InputColumn, values: Column | None, row: int, folder: str) -> Cell:
    """The value of a row; the name of a file is a whole path."""
    if values is None or not values.present[row]:
        return None
    if column.kind == "number":
        return float(values.numbers[row])
    if column.kind == "date":
        return date_text(float(values.numbers[row]), values.format.dates)
    text = values.values[values.codes[row]]
    return str(Path(folder, text)) if column.kind in ("image", "sound") else text

"""Encode input columns as a feature matrix: fitted on the training rows, kept as plain data, applied to any rows.

Numeric columns: :mod:`mtl_core.datasets.numeric_features`. Categorical columns are one-hot, the most frequent category
first; missing cells have a feature of their own if training rows have some; an unseen category is all zeros. Beyond a
hundred categories, or below a number of rows that the spec says, the rarer ones share one feature, also with unseen
ones. Dates are numbers, or the parts that the
spec asks for (:mod:`mtl_core.datasets.date_features`), each with an encoder of its own. How the cells of a column are
written (decimal mark, dates, what counts as missing) is kept for new rows.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.datasets.date_features import date_part
from mtl_core.datasets.numeric_features import apply_numeric, fit_numeric, numeric_feature_count
from mtl_core.spec import ColumnType, DataNote, InputError, NumericInputs, OneHot
from mtl_core.spec.data.table_shape import TableColumn, TableShape
from mtl_core.tabular.cells import CellRules, column_setting
from mtl_core.tabular.column import Column, Encoder, Rows, without_zero_fraction
from mtl_core.tabular.column_reader import read_column

_ONE_HOT = OneHot()


def fit_inputs(
    columns: Sequence[Column],
    rows: Rows,
    missing: Mapping[str, Sequence[str]] | None = None,
    numeric: NumericInputs | None = None,
    dates: Mapping[str, Sequence[str]] | None = None,
    *,
    categorical: OneHot = _ONE_HOT,
) -> tuple[list[Encoder], list[DataNote]]:
    """Fit the encoder of each column on the training rows; also notes.

    Args:
        columns: The inputs.
        rows: The training rows.
        missing: The texts that the spec says count as missing, by column.
        numeric: How numbers are encoded; None: standardized.
        dates: The parts that the dates of a column become; of other columns their days or hours.
        categorical: How categories are encoded.
    """
    encoders: list[Encoder] = []
    notes: list[DataNote] = []
    for column in columns:
        cells = _cells(column, missing or {})
        parts = (dates or {}).get(column.name, ())
        fitted = [_fit(date_part(column, part), rows, numeric, categorical) | {"part": part} for part in parts]
        encoders += [encoder | cells for encoder in fitted or [_fit(column, rows, numeric, categorical)]]
        notes += [note] if (note := _note(column, encoders[-1], rows, categorical)) else []
    return encoders, notes


def _fit(column: Column, rows: Rows, numeric: NumericInputs | None, categorical: OneHot) -> Encoder:
    if column.type == "numeric":
        return fit_numeric(column, rows, numeric)
    return _fit_categorical(column, rows, categorical)


def _cells(column: Column, missing: Mapping[str, Sequence[str]]) -> Encoder:
    """How the cells are written, for new rows; empty for plain cells."""
    formats = {"decimal": column.format.decimal, "dates": column.format.dates}
    cells: Encoder = {key: value for key, value in formats.items() if value not in (".", "")}
    cells |= {"missing": list(missing[column.name])} if column.name in missing else {}
    return {"cells": cells} if cells else {}


def _cell_rules(encoder: Encoder) -> CellRules:
    cells = encoder.get("cells", {})
    missing = tuple(cells["missing"]) if "missing" in cells else None
    return CellRules(missing, default_decimal=cells.get("decimal", "."), dates=cells.get("dates", ""))


def _fit_categorical(column: Column, rows: Rows, spec: OneHot) -> Encoder:
    codes = column.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.values))
    by_frequency = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    frequent = [code for code in by_frequency[: spec.most] if counts[code] >= spec.least_rows]
    return {
        "name": column.name,
        "type": "categorical",
        "categories": [column.values[code] for code in frequent],
        "other": spec.unseen or len(by_frequency) > len(frequent),
        "missing": bool((codes < 0).any()),
    }


def _note(column: Column, encoder: Encoder, rows: Rows, spec: OneHot) -> DataNote | None:
    if not column.present[rows].any():
        what = f"Input {column.name!r} has no value in the training rows."
        return DataNote(place="column", name=column.name, what=what, fix="Leave it out of the inputs.")
    if encoder["type"] != "categorical" or "part" in encoder:
        return None
    if encoder["other"] and len(encoder["categories"]) == spec.most:
        kinds = f"{len(column.values)} categories, the {spec.most} most frequent have a column each"
        what = f"Input {column.name!r} has {kinds}; the others share one."
        count = len(column.values) - spec.most
        fix = f"If it is no category, leave it out, or set {column_setting('types', column.name)} to what it is."
        return DataNote(place="column", name=column.name, what=what, count=count, fix=fix)
    return None


def feature_count(encoder: Encoder) -> int:
    """Number of features of a column."""
    if encoder["type"] == "numeric":
        return numeric_feature_count(encoder)
    return len(encoder["categories"]) + bool(encoder["other"]) + bool(encoder["missing"])


def table_shape(encoders: Sequence[Encoder]) -> TableShape:
    """The shape of a row of the matrix, with the place of each column in it."""
    columns: list[TableColumn] = []
    start = 0
    for encoder in encoders:
        if width := feature_count(encoder):
            categorical = encoder["type"] == "categorical"
            bins = tuple((mean, std) for mean, std in encoder.get("bins", ()))
            marks_missing = not categorical and bool(encoder.get("missing"))
            columns.append(TableColumn(start, width, categorical, bins, marks_missing))
        start += width
    return TableShape(columns)


def apply_inputs(encoders: Sequence[Encoder], columns: Mapping[str, Column], rows: int) -> NDArray[np.float32]:
    """Encode columns as a matrix ``[rows, F]``."""
    matrix = np.zeros((rows, sum(map(feature_count, encoders))), np.float32)
    start = 0
    for encoder in encoders:
        end = start + feature_count(encoder)
        column = columns[encoder["name"]]
        if "part" in encoder:
            column = date_part(column, encoder["part"])
        if encoder["type"] == "numeric":
            apply_numeric(encoder, column.numbers, matrix[:, start:end])
        elif end > start:
            _one_hot(encoder, column, matrix[:, start:end])
        start = end
    return matrix


def _one_hot(encoder: Encoder, column: Column, out: NDArray[np.float32]) -> None:
    index = {without_zero_fraction(category): i for i, category in enumerate(encoder["categories"])}
    index |= {category: i for i, category in enumerate(encoder["categories"])}
    unknown = len(encoder["categories"]) if encoder["other"] else -1
    missing = out.shape[1] - 1 if encoder["missing"] else -1
    features = [index.get(value, index.get(without_zero_fraction(value), unknown)) for value in column.values]
    feature_of_row = np.array([*features, missing], np.int64)[column.codes]
    rows = np.flatnonzero(feature_of_row >= 0)
    out[rows, feature_of_row[rows]] = 1


def read_encoded_column(encoder: Encoder, frame: pd.DataFrame) -> Column:
    """Read a column of new rows; its cells are read as those of the training rows were.

    Raises:
        InputError: The column is missing.
    """
    column_type: ColumnType = "numeric" if "part" in encoder else encoder["type"]
    return read_new_column(frame, encoder["name"], column_type, _cell_rules(encoder))


def read_new_column(frame: pd.DataFrame, name: str, column_type: ColumnType, rules: CellRules | None = None) -> Column:
    """Read an input column of new rows.

    Raises:
        InputError: The column is missing.
    """
    if name not in frame.columns:
        raise InputError(f"column {name!r}", "is an input of the model and is not in the data")
    return read_column(name, frame[name], column_type, rules)

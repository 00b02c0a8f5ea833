"""Encode input columns as a feature matrix: fitted on the training rows, kept as plain data, applied to any rows.

Numeric columns: :mod:`mtl_core.datasets.numeric_features`. Categorical columns are one-hot, the most frequent category
first; missing cells have a feature of their own if training rows have some; an unseen category is all zeros. Beyond a
hundred categories, or below a number of rows that the spec says, the rarer ones share one feature, also with unseen
ones. How the cells of a column are written (decimal mark, dates, what counts as missing) is kept for new rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mtl_core.datasets.numeric_features import apply_numeric, fit_numeric, numeric_feature_count
from mtl_core.spec import ColumnType, DataNote, InputError, NumericInputs, OneHot
from mtl_core.tabular.cells import CellRules, column_setting
from mtl_core.tabular.column import Column, Encoder, Rows, without_zero_fraction
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.text.vocabulary import transform_text

_ONE_HOT = OneHot()


def fit_inputs(
    columns: Sequence[Column],
    rows: Rows,
    missing: Mapping[str, Sequence[str]] | None = None,
    numeric: NumericInputs | None = None,
    categorical: OneHot = _ONE_HOT,
) -> tuple[list[Encoder], list[DataNote]]:
    """Fit the encoder of each column on the training rows; also notes.

    Args:
        columns: The inputs.
        rows: The training rows.
        missing: The texts that the spec says count as missing, by column.
        numeric: How numbers are encoded; None: standardized.
        categorical: How categories are encoded.
    """
    encoders = [_fit(column, rows, numeric, categorical) | _cells(column, missing or {}) for column in columns]
    pairs = zip(columns, encoders, strict=True)
    return encoders, [note for column, encoder in pairs if (note := _note(column, encoder, rows, categorical))]


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
    if encoder["type"] == "categorical" and encoder["other"] and len(encoder["categories"]) == spec.most:
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


def apply_inputs(encoders: Sequence[Encoder], columns: Mapping[str, Column], rows: int) -> NDArray[np.float32]:
    """Encode columns as a matrix ``[rows, F]``."""
    matrix = np.zeros((rows, sum(map(feature_count, encoders))), np.float32)
    start = 0
    for encoder in encoders:
        end = start + feature_count(encoder)
        if encoder["type"] == "numeric":
            apply_numeric(encoder, columns[encoder["name"]].numbers, matrix[:, start:end])
        elif end > start:
            _one_hot(encoder, columns[encoder["name"]], matrix[:, start:end])
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


def transform_inputs(preprocessing: Mapping[str, Any], rows: Any) -> torch.Tensor:
    """Transform new rows into the model's input, as the training rows were.

    Args:
        preprocessing: That of a :class:`mtl_core.datasets.data.TaskData`, or the same read from JSON.
        rows: A pandas frame with at least the input columns, or for image data an array ``[N, H, W]`` or
            ``[N, H, W, 3]`` of 0…255.

    Returns:
        ``[N, …]`` float32.

    Raises:
        InputError: A column is missing, or the images have another size.
    """
    if preprocessing["kind"] == "image":
        return torch.from_numpy(apply_image(preprocessing, np.asarray(rows)))
    return transform_columns(preprocessing, read_inputs(preprocessing, rows))


def read_inputs(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    """Read the input columns of new rows, by name; their cells are read as those of the training rows were.

    Raises:
        InputError: A column is missing.
    """
    if preprocessing["kind"] == "text":
        return {preprocessing["column"]: _read_input(frame, preprocessing["column"], "text")}
    encoders = preprocessing["inputs"]
    return {
        encoder["name"]: _read_input(frame, encoder["name"], encoder["type"], _cell_rules(encoder))
        for encoder in encoders
    }


def transform_columns(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> torch.Tensor:
    """Transform the input columns of new rows into the model's input."""
    first = next(iter(columns.values()))
    if preprocessing["kind"] == "text":
        return torch.from_numpy(transform_text(preprocessing, first))
    return torch.from_numpy(apply_inputs(preprocessing["inputs"], columns, len(first.numbers)))


def _read_input(frame: pd.DataFrame, name: str, column_type: ColumnType, rules: CellRules | None = None) -> Column:
    if name not in frame.columns:
        raise InputError(f"column {name!r}", "is an input of the model and is not in the data")
    return read_column(name, frame[name], column_type, rules)


def fit_image(images: NDArray[np.uint8], rows: Rows) -> dict[str, Any]:
    """Fit mean and standard deviation of the pixels of some rows of images ``[N, H, W]`` or ``[N, H, W, 3]``."""
    pixels = images[rows]
    return {
        "kind": "image",
        "shape": list(image_shape(images)),
        "mean": float(pixels.mean()),
        "std": float(pixels.std()) or 1.0,
    }


def image_shape(images: NDArray[Any]) -> tuple[int, ...]:
    """Shape of one image as the model's input, channels first."""
    channels = images.shape[3] if images.ndim == 4 else 1
    return (channels, *images.shape[1:3])


def apply_image(preprocessing: Mapping[str, Any], images: NDArray[Any]) -> NDArray[np.float32]:
    """Images ``[N, H, W]`` or ``[N, H, W, 3]`` of 0…255 as ``[N, C, H, W]`` of mean 0 and standard deviation 1.

    Raises:
        InputError: They have another size, or other channels.
    """
    shape = tuple(preprocessing["shape"])
    if images.ndim not in (3, 4) or image_shape(images) != shape:
        channels = "" if shape[0] == 1 else f"×{shape[0]}"
        raise InputError("images", f"must be {shape[1]}×{shape[2]}{channels}", found=str(images.shape[1:]))
    scaled = (images.astype(np.float32) - np.float32(preprocessing["mean"])) / np.float32(preprocessing["std"])
    return scaled.reshape(-1, *shape) if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(scaled, 3, 1))

"""Input columns to a matrix: fitted on the training rows, kept as plain data, applied to any rows.

Numeric: missing cells take the median, then mean 0 and deviation 1. Categorical: one column per category, most frequent
first; a missing cell has a column of its own where training rows miss some; a category never seen is all zeros. Beyond
a hundred categories the rarer ones share one column, into which unseen ones fall too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from mtl_core.datasets.columns import HUGE, Column, Floats, read_column
from mtl_core.datasets.texts import transform_text
from mtl_core.spec import ColumnType, InputError

MAX_CATEGORIES = 100
Encoder = dict[str, Any]
Rows = NDArray[np.int64]


def fit_inputs(columns: Sequence[Column], rows: Rows) -> tuple[list[Encoder], list[str]]:
    """How each column becomes numbers, learned from the given rows alone, and what to know about it."""
    encoders = [(_fit_numeric if c.type == "numeric" else _fit_categorical)(c, rows) for c in columns]
    return encoders, [note for c, e in zip(columns, encoders, strict=True) if (note := _note(c, e, rows))]


def _fit_numeric(column: Column, rows: Rows) -> Encoder:
    """As scikit-learn's imputer and scaler do it, without the second and a half that importing them takes."""
    cells = column.numbers[rows]
    known = cells[~np.isnan(cells)]
    median = float(np.median(known)) if len(known) else 0.0
    filled = np.where(np.isnan(cells), median, cells)
    mean, std = float(filled.mean()), float(filled.std())
    rounding = len(filled) * np.finfo(np.float64).eps
    constant = std**2 <= rounding * std**2 + (rounding * mean) ** 2
    return {
        "name": column.name,
        "type": "numeric",
        "median": median,
        "mean": mean,
        "std": 1.0 if constant else std,
    }


def _fit_categorical(column: Column, rows: Rows) -> Encoder:
    codes = column.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(column.values))
    seen = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    kept = seen[:MAX_CATEGORIES]
    return {
        "name": column.name,
        "type": "categorical",
        "categories": [column.values[code] for code in kept],
        "other": len(seen) > len(kept),
        "missing": bool((codes < 0).any()),
    }


def _note(column: Column, encoder: Encoder, rows: Rows) -> str:
    if not column.there[rows].any():
        return f"Input {column.name!r} has no value in the training rows."
    if encoder["type"] == "categorical" and encoder["other"]:
        kinds = f"{len(column.values)} categories, the {MAX_CATEGORIES} most frequent have a column each"
        return f"Input {column.name!r} has {kinds}; the others share one."
    return ""


def width(encoder: Encoder) -> int:
    """How many numbers a column becomes."""
    if encoder["type"] == "numeric":
        return 1
    return len(encoder["categories"]) + bool(encoder["other"]) + bool(encoder["missing"])


def apply_inputs(encoders: Sequence[Encoder], columns: Mapping[str, Column], rows: int) -> NDArray[np.float32]:
    """The matrix ``[rows, F]`` of the encoders' columns."""
    matrix = np.zeros((rows, sum(map(width, encoders))), np.float32)
    start = 0
    for encoder in encoders:
        end = start + width(encoder)
        if encoder["type"] == "numeric":
            matrix[:, start] = _standardized(encoder, columns[encoder["name"]].numbers)
        elif end > start:
            _one_hot(encoder, columns[encoder["name"]], matrix[:, start:end])
        start = end
    return matrix


def _standardized(encoder: Encoder, numbers: Floats) -> Floats:
    filled = np.where(np.isnan(numbers), encoder["median"], numbers)
    scaled: Floats = np.clip((filled - encoder["mean"]) / encoder["std"], -HUGE, HUGE)
    return scaled


def _one_hot(encoder: Encoder, column: Column, out: NDArray[np.float32]) -> None:
    place = {category: i for i, category in enumerate(encoder["categories"])}
    unknown = len(place) if encoder["other"] else -1
    missing = out.shape[1] - 1 if encoder["missing"] else -1
    hot = np.array([*(place.get(value, unknown) for value in column.values), missing], np.int64)[column.codes]
    known = np.flatnonzero(hot >= 0)
    out[known, hot[known]] = 1


def transform_inputs(preprocessing: Mapping[str, Any], rows: Any) -> torch.Tensor:
    """New rows as the model's input, treated as the training rows were.

    Args:
        preprocessing: That of a :class:`TaskData`, or the same after a way through JSON.
        rows: A pandas frame with at least the input columns, or for image data an array ``[N, H, W]`` or
            ``[N, H, W, 3]`` of 0…255.

    Returns:
        ``[N, …]`` float32.

    Raises:
        InputError: A column is not there, or the images have another size.
    """
    if preprocessing["kind"] == "image":
        return torch.from_numpy(apply_image(preprocessing, np.asarray(rows)))
    return transform_columns(preprocessing, read_inputs(preprocessing, rows))


def read_inputs(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    """The input columns of new rows by name, their cells read as those of the training rows were.

    Raises:
        InputError: A column is not there.
    """
    if preprocessing["kind"] == "text":
        return {preprocessing["column"]: _input(frame, preprocessing["column"], "text")}
    encoders = preprocessing["inputs"]
    return {encoder["name"]: _input(frame, encoder["name"], encoder["type"]) for encoder in encoders}


def transform_columns(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> torch.Tensor:
    """The input columns of new rows as the model's input."""
    first = next(iter(columns.values()))
    if preprocessing["kind"] == "text":
        return torch.from_numpy(transform_text(preprocessing, first))
    return torch.from_numpy(apply_inputs(preprocessing["inputs"], columns, len(first.numbers)))


def _input(frame: pd.DataFrame, name: str, wanted: ColumnType) -> Column:
    if name not in frame.columns:
        raise InputError(f"column {name!r}", "is an input of the model and is not in the data")
    return read_column(name, frame[name], wanted)


def fit_image(images: NDArray[np.uint8], rows: Rows) -> dict[str, Any]:
    """Mean and deviation of the pixels of the given rows of images ``[N, H, W]`` or ``[N, H, W, 3]``."""
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
    """Images ``[N, H, W]`` or ``[N, H, W, 3]`` of 0…255 as ``[N, C, H, W]`` of mean 0 and deviation 1.

    Raises:
        InputError: They have another size, or other channels.
    """
    shape = tuple(preprocessing["shape"])
    if images.ndim not in (3, 4) or image_shape(images) != shape:
        colour = "" if shape[0] == 1 else f"×{shape[0]}"
        raise InputError("images", f"must be {shape[1]}×{shape[2]}{colour}", found=str(images.shape[1:]))
    scaled = (images.astype(np.float32) - np.float32(preprocessing["mean"])) / np.float32(preprocessing["std"])
    return scaled.reshape(-1, *shape) if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(scaled, 3, 1))

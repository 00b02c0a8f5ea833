"""A numeric input column to standardized features: fitted on the training rows, kept as plain data.

Missing cells take the median of the training rows.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import NumericInputs, PiecewiseLinear
from mtl_core.tabular.column import HUGE, Column, Encoder, Rows
from mtl_core.tabular.values.numerals import Floats


def fit_numeric(column: Column, rows: Rows, how: NumericInputs | None = None) -> Encoder:
    """Median, mean and standard deviation of the given rows, and those of each bin where there are bins."""
    cells = column.numbers[rows]
    known = cells[~np.isnan(cells)]
    median = float(np.median(known)) if len(known) else 0.0
    filled = np.where(np.isnan(cells), median, cells)
    mean, std = _moments(filled)
    encoder = {"name": column.name, "type": "numeric", "median": median, "mean": mean, "std": std or 1.0}
    edges = bin_edges(filled, how) if std else []
    if not edges:
        return encoder
    moments = [_moments(feature) for feature in _bins(filled, edges)]
    return encoder | {"edges": edges, "bins": [[mean, std or 1.0] for mean, std in moments]}


def bin_edges(numbers: Floats, how: NumericInputs | None) -> list[float]:
    """Numbers between which about as many of the others lie; none where there are not two bins to be had."""
    if not isinstance(how, PiecewiseLinear) or not len(numbers):
        return []
    shares = np.linspace(0, 1, how.bins + 1)
    edges: list[float] = np.unique(np.quantile(numbers, shares, method="nearest")).tolist()
    return edges if len(edges) > 2 else []


def numeric_width(encoder: Encoder) -> int:
    """How many features the column becomes."""
    return 1 + len(encoder.get("bins", ()))


def apply_numeric(encoder: Encoder, numbers: Floats, out: NDArray[np.float32]) -> None:
    """Write the features of a column.

    Args:
        encoder: What :func:`fit_numeric` made.
        numbers: ``[N]``, NaN where a cell is missing.
        out: ``[N, width]``, to be written.
    """
    filled = np.where(np.isnan(numbers), encoder["median"], numbers)
    scale = 1 / np.sqrt(out.shape[1])  # the column has the variance 1, however many features it becomes
    out[:, 0] = _standardized(filled, encoder["mean"], encoder["std"]) * scale
    features = _bins(filled, encoder.get("edges", ()))
    for place, (feature, (mean, std)) in enumerate(zip(features, encoder.get("bins", ()), strict=True), 1):
        out[:, place] = _standardized(feature, mean, std) * scale


def _bins(numbers: Floats, edges: Sequence[float]) -> Iterator[Floats]:
    """For each bin how far the numbers reach into it: 0 below it, 1 above it, linear in between."""
    for low, high in pairwise(edges):
        yield (np.clip(numbers, low, high) - low) / (high - low)


def _standardized(numbers: Floats, mean: float, std: float) -> Floats:
    scaled: Floats = np.clip((numbers - mean) / std, -HUGE, HUGE)
    return scaled


def _moments(numbers: Floats) -> tuple[float, float]:
    """Mean and standard deviation, exactly 0 where all numbers are the same but for rounding.

    As scikit-learn's scaler decides it, without the second and a half that importing it takes.
    """
    mean, std = float(numbers.mean()), float(numbers.std())
    rounding = len(numbers) * np.finfo(np.float64).eps
    constant = std**2 <= rounding * std**2 + (rounding * mean) ** 2
    return mean, 0.0 if constant else std

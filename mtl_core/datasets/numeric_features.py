"""Encode numeric input columns as standardized features, fitted on the training rows and kept as plain data.

Missing cells are replaced by the median of the training rows.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import NumericInputs, PiecewiseLinear
from mtl_core.tabular.column import HUGE, Column, Encoder, Rows
from mtl_core.tabular.values.numerals import Floats


def fit_numeric(column: Column, rows: Rows, spec: NumericInputs | None = None) -> Encoder:
    """Fit median, mean and standard deviation of a column, and those of each bin if there are bins.

    Args:
        column: The column.
        rows: The training rows.
        spec: How numbers are encoded; None: standardized.
    """
    numbers = column.numbers[rows]
    present = numbers[~np.isnan(numbers)]
    median = float(np.median(present)) if len(present) else 0.0
    filled = np.where(np.isnan(numbers), median, numbers)
    mean, std = _moments(filled)
    encoder = {"name": column.name, "type": "numeric", "median": median, "mean": mean, "std": std or 1.0}
    edges = bin_edges(filled, spec) if std else []
    if not edges:
        return encoder
    moments = [_moments(feature) for feature in _bin_features(filled, edges)]
    return encoder | {"edges": edges, "bins": [[mean, std or 1.0] for mean, std in moments]}


def bin_edges(numbers: Floats, spec: NumericInputs | None) -> list[float]:
    """Edges of bins with about equally many numbers; empty without bins, or where there would be a single one."""
    if not isinstance(spec, PiecewiseLinear) or not len(numbers):
        return []
    shares = np.linspace(0, 1, spec.bins + 1)
    edges: list[float] = np.unique(np.quantile(numbers, shares, method="nearest")).tolist()
    return edges if len(edges) > 2 else []


def numeric_feature_count(encoder: Encoder) -> int:
    """Number of features of a column."""
    return 1 + len(encoder.get("bins", ()))


def apply_numeric(encoder: Encoder, numbers: Floats, out: NDArray[np.float32]) -> None:
    """Encode a column.

    Args:
        encoder: The encoder from :func:`fit_numeric`.
        numbers: ``[N]``, NaN where a cell is missing.
        out: ``[N, width]``, where the features are written.
    """
    filled = np.where(np.isnan(numbers), encoder["median"], numbers)
    scale = 1 / np.sqrt(out.shape[1])  # so that all features of the column together have variance 1
    out[:, 0] = _standardize(filled, encoder["mean"], encoder["std"]) * scale
    features = _bin_features(filled, encoder.get("edges", ()))
    for i, (feature, (mean, std)) in enumerate(zip(features, encoder.get("bins", ()), strict=True), 1):
        out[:, i] = _standardize(feature, mean, std) * scale


def _bin_features(numbers: Floats, edges: Sequence[float]) -> Iterator[Floats]:
    """The feature of each bin: 0 below it, 1 above it, linear in between."""
    for low, high in pairwise(edges):
        yield (np.clip(numbers, low, high) - low) / (high - low)


def _standardize(numbers: Floats, mean: float, std: float) -> Floats:
    scaled: Floats = np.clip((numbers - mean) / std, -HUGE, HUGE)
    return scaled


def _moments(numbers: Floats) -> tuple[float, float]:
    """Mean and standard deviation; the latter is exactly 0 where all numbers are equal but for rounding.

    The rule is that of scikit-learn's StandardScaler, which takes a second and a half to import.
    """
    mean, std = float(numbers.mean()), float(numbers.std())
    rounding = len(numbers) * np.finfo(np.float64).eps
    constant = std**2 <= rounding * std**2 + (rounding * mean) ** 2
    return mean, 0.0 if constant else std

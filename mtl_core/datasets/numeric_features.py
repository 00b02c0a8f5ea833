"""Encode numeric input columns as features, fitted on the training rows and kept as plain data.

Missing cells are replaced by the median of the training rows, and have a feature of their own if the spec asks for it.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.numeric_transforms import fit_transform, moments, transform_numbers
from mtl_core.spec import NumericInputs, PiecewiseLinear, Standardized
from mtl_core.tabular.column import HUGE, Column, Encoder, Rows
from mtl_core.tabular.values.numerals import Floats


def fit_numeric(column: Column, rows: Rows, spec: NumericInputs | None = None) -> Encoder:
    """Fit the median of a column, and its transform and scale or its bins.

    Args:
        column: The column.
        rows: The training rows.
        spec: How numbers are encoded; None: standardized.
    """
    spec = spec or Standardized()
    numbers = column.numbers[rows]
    missing = np.isnan(numbers)
    present = numbers[~missing]
    median = float(np.median(present)) if len(present) else 0.0
    filled = np.where(missing, median, numbers)
    encoder = {"name": column.name, "type": "numeric", "median": median}
    encoder |= (
        _fit_bins(filled, spec) if isinstance(spec, Standardized | PiecewiseLinear) else fit_transform(filled, spec)
    )
    return encoder | ({"missing": True} if has_missing_feature(column.numbers[rows], spec) else {})


def has_missing_feature(numbers: Floats, spec: NumericInputs) -> bool:
    """Whether missing cells have a feature of their own, for the numbers of a column's training rows."""
    missing = np.isnan(numbers)
    return spec.mark_missing and bool(missing.any()) and not missing.all()


def _fit_bins(filled: Floats, spec: NumericInputs) -> Encoder:
    """Mean and standard deviation, and those of each bin if there are bins."""
    mean, std = moments(filled)
    encoder: Encoder = {"mean": mean, "std": std or 1.0}
    edges = bin_edges(filled, spec) if std else []
    if not edges:
        return encoder
    bins = [moments(feature) for feature in _bin_features(filled, edges)]
    return encoder | {"edges": edges, "bins": [[mean, std or 1.0] for mean, std in bins]}


def bin_edges(numbers: Floats, spec: NumericInputs | None) -> list[float]:
    """Edges of bins with about equally many numbers; empty without bins, or where there would be a single one."""
    if not isinstance(spec, PiecewiseLinear) or not len(numbers):
        return []
    shares = np.linspace(0, 1, spec.bins + 1)
    edges: list[float] = np.unique(np.quantile(numbers, shares, method="nearest")).tolist()
    return edges if len(edges) > 2 else []


def numeric_feature_count(encoder: Encoder) -> int:
    """Number of features of a column."""
    return 1 + len(encoder.get("bins", ())) + bool(encoder.get("missing"))


def apply_numeric(encoder: Encoder, numbers: Floats, out: NDArray[np.float32]) -> None:
    """Encode a column.

    Args:
        encoder: The encoder from :func:`fit_numeric`.
        numbers: ``[N]``, NaN where a cell is missing.
        out: ``[N, width]``, where the features are written.
    """
    missing = np.isnan(numbers)
    filled = np.where(missing, encoder["median"], numbers)
    if encoder.get("missing"):
        out[:, -1] = missing
        out = out[:, :-1]
    if "transform" in encoder:
        out[:, 0] = transform_numbers(encoder, filled)
        return
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

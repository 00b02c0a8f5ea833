"""Residuals of predicted numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.predictions import Floats, Integers

BINS = 30


@dataclass(frozen=True, eq=False)
class Residuals:
    """Residuals (predicted minus true) of M rows that have both.

    Attributes:
        true: ``[M]`` targets.
        predicted: ``[M]`` predictions.
        edges: ``[B + 1]`` edges of the bins of the residuals; empty without rows.
        counts: ``[B]`` residuals in each bin.
        bias: Mean residual.
        mae: Mean absolute residual.
        rmse: Root of the mean squared residual.
        r2: Coefficient of determination; NaN for fewer than two rows or equal targets.
    """

    true: Floats
    predicted: Floats
    edges: Floats
    counts: Integers
    bias: float
    mae: float
    rmse: float
    r2: float


def residuals(targets: ArrayLike, predictions: ArrayLike, bins: int = BINS) -> Residuals:
    """Describe the residuals of one value.

    Args:
        targets: ``[N]``, NaN where missing.
        predictions: ``[N]``, NaN where undefined; both are left out.
        bins: Number of bins of the histogram.
    """
    true, predicted = np.asarray(targets, np.float64), np.asarray(predictions, np.float64)
    known = np.isfinite(true) & np.isfinite(predicted)
    true, predicted = true[known], predicted[known]
    if not len(true):
        nan = float("nan")
        return Residuals(true, predicted, np.empty(0), np.empty(0, np.int64), nan, nan, nan, nan)
    difference = predicted - true
    counts, edges = np.histogram(difference, bins)
    squared, spread = float((difference**2).sum()), float(((true - true.mean()) ** 2).sum())
    return Residuals(
        true,
        predicted,
        edges,
        counts.astype(np.int64),
        float(difference.mean()),
        float(np.abs(difference).mean()),
        float(np.sqrt(squared / len(true))),
        1 - squared / spread if spread > 0 else float("nan"),
    )

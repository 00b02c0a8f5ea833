"""Reliability of predicted probabilities."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.predictions import Floats, Integers

BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Predicted probabilities and observed frequencies in bins of equal width.

    Attributes:
        probability: ``[B]`` mean predicted probability of the rows of each bin that has any.
        frequency: ``[B]`` share of them that are positive.
        counts: ``[B]`` number of rows.
        error: Expected calibration error: the mean over the rows of the difference between both in their bin (Naeini et
            al. 2015); NaN without rows.
    """

    probability: Floats
    frequency: Floats
    counts: Integers
    error: float


def reliability(targets: ArrayLike, probabilities: ArrayLike, bins: int = BINS) -> Reliability:
    """Compare probabilities with frequencies.

    Args:
        targets: ``[N]`` whether a row is positive, or whether the prediction is right.
        probabilities: ``[N]`` the predicted probability of that.
        bins: Number of bins from 0 to 1.
    """
    positive, probability = np.asarray(targets, np.float64), np.asarray(probabilities, np.float64)
    index = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probability)
    counts = np.bincount(index, minlength=bins)
    used = counts > 0
    mean = np.bincount(index, probability, minlength=bins)[used] / counts[used]
    frequency = np.bincount(index, positive, minlength=bins)[used] / counts[used]
    total = counts.sum()
    error = float((counts[used] * np.abs(mean - frequency)).sum() / total) if total else float("nan")
    return Reliability(mean, frequency, counts[used], error)

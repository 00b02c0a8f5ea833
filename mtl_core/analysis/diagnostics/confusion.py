"""Confusion counts of classes."""

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.predictions import Floats, Integers


def confusion_counts(targets: ArrayLike, predicted: ArrayLike, classes: int) -> Integers:
    """Count how often each class was predicted for the rows of each class.

    Args:
        targets: ``[N]`` true classes; rows below 0 have no label and are left out.
        predicted: ``[N]`` predicted classes.
        classes: Number of classes.

    Returns:
        ``[C, C]`` counts: a row for each true class, a column for each predicted class.
    """
    true, guess = np.asarray(targets, np.int64), np.asarray(predicted, np.int64)
    known = true >= 0
    flat = np.bincount(true[known] * classes + guess[known], minlength=classes * classes)
    return flat.reshape(classes, classes)


def normalize_rows(counts: ArrayLike) -> Floats:
    """Return the share of each predicted class among the rows of each true class; NaN for a class without rows."""
    array = np.asarray(counts, np.float64)
    totals = array.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(array, totals, out=np.full_like(array, np.nan), where=totals > 0)
    return shares

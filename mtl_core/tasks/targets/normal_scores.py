"""Normal scores and signed logarithms of numbers."""

import numpy as np
import torch

from mtl_core.tabular.values.numerals import Floats


def normal_scores(numbers: Floats, quantiles: int) -> tuple[list[float], list[float]]:
    """Quantiles of numbers, and those of the normal distribution that correspond to them; both rise strictly.

    A number that many rows have gets the score of the middle of their ranks (scikit-learn's QuantileTransformer does
    alike). The scores of the least and the greatest number are finite: their shares are half a row from 0 and 1.

    Args:
        numbers: ``[n]``, at least one.
        quantiles: How many quantiles, fewer where numbers are equal, and no more than numbers.
    """
    count = len(numbers)
    shares = np.linspace(0, 1, max(1, min(quantiles, count)))
    ascending = np.maximum.accumulate(np.quantile(numbers, shares))  # rounding can make one less than the one before
    values, first, ties = np.unique(ascending, return_index=True, return_counts=True)
    middle = (shares[first] + shares[first + ties - 1]) / 2 if len(values) > 1 else np.full(1, 0.5)
    bounded = np.clip(middle, 0.5 / count, 1 - 0.5 / count)
    return values.tolist(), torch.special.ndtri(torch.from_numpy(bounded)).tolist()


def signed_log(numbers: Floats) -> Floats:
    """log(1 + x) for x >= 0, and -log(1 - x) below."""
    logarithms: Floats = np.sign(numbers) * np.log1p(np.abs(numbers))
    return logarithms

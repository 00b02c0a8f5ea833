"""Rows that two models predict differently, and McNemar's exact test on which of them are right."""

from dataclasses import dataclass

import numpy as np

from mtl_core.analysis.diagnostics.predictions import Booleans, Integers, TaskPredictions
from mtl_core.protocol.diagnostics import RightCounts


@dataclass(frozen=True, eq=False)
class DifferentRows:
    """How the predictions of two models for the same rows differ.

    Attributes:
        positions: Positions of the labeled rows with different predictions, those with the largest difference of the
            losses first.
        lower_loss: Number of labeled rows in which the first, and in which the second has the lower loss.
        right: Which of them are right; None for a task without classes.
    """

    positions: Integers
    lower_loss: tuple[int, int]
    right: RightCounts | None


def different_rows(first: TaskPredictions, second: TaskPredictions) -> DifferentRows:
    """Find the rows that two models predict differently; of a task without classes all rows are different.

    Args:
        first: Predictions of one model.
        second: Predictions of the other for the same rows and targets.
    """
    labeled = first.labeled & second.labeled
    difference = np.abs(first.losses - second.losses)
    positions = np.flatnonzero(labeled & _differ(first, second))
    order = np.argsort(-difference[positions], kind="stable")
    lower = (int((first.losses < second.losses)[labeled].sum()), int((second.losses < first.losses)[labeled].sum()))
    right = None
    if first.form in ("classes", "labels"):
        right = right_counts(~first.errors[labeled], ~second.errors[labeled])
    return DifferentRows(positions[order], lower, right)


def right_counts(first: Booleans, second: Booleans) -> RightCounts:
    """Count the rows that both, one or none of two models have right, with McNemar's exact test (McNemar 1947).

    The test is the two-sided binomial test of the rows that only one of them has right.

    Args:
        first: ``[N]``, true where the first is right.
        second: ``[N]``, the same of the second.
    """
    from scipy.stats import binomtest

    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    discordant = only_first + only_second
    p_value = float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0
    return RightCounts(
        both=int((first & second).sum()),
        first=only_first,
        second=only_second,
        neither=int((~first & ~second).sum()),
        p_value=p_value,
    )


def _differ(first: TaskPredictions, second: TaskPredictions) -> Booleans:
    """``[N]``, true where another class or other labels are predicted."""
    if first.form == "classes":
        return np.asarray(first.predicted_classes != second.predicted_classes, bool)
    if first.form == "labels":
        return np.asarray(((first.predictions > 0.5) != (second.predictions > 0.5)).any(axis=1), bool)
    return np.ones(len(first), bool)

"""Groups of rows by the values of a column, and the scores of each group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.predictions import Booleans, Integers, TaskPredictions

MOST_GROUPS = 20
QUANTILE_GROUPS = 4
MISSING, OTHER = "missing", "other"


@dataclass(frozen=True, eq=False)
class RowGroups:
    """A partition of N rows.

    Attributes:
        names: The groups.
        codes: ``[N]`` the group of each row.
    """

    names: tuple[str, ...]
    codes: Integers


@dataclass(frozen=True)
class GroupScores:
    """Scores of the rows of one group; a score without rows is left out.

    Attributes:
        group: Name of the group.
        rows: Number of labeled rows.
        scores: ``loss`` and, of classes and labels, ``accuracy``; of values ``mae`` and ``bias``, the mean of predicted
            minus true.
    """

    group: str
    rows: int
    scores: dict[str, float]


def group_by_category(codes: ArrayLike, names: Sequence[str]) -> RowGroups:
    """Group rows by category; beyond :data:`MOST_GROUPS` categories the less frequent ones become one group.

    Args:
        codes: ``[N]`` index of each row's category, -1 where missing.
        names: The categories.
    """
    rows = np.asarray(codes, np.int64)
    counts = np.bincount(rows[rows >= 0], minlength=len(names))
    present = np.flatnonzero(counts)
    kept = present
    if len(present) > MOST_GROUPS:
        kept = np.sort(present[np.argsort(-counts[present], kind="stable")[: MOST_GROUPS - 1]])
    group_names = [names[index] for index in kept.tolist()]
    new_codes = np.full(len(names) + 1, -1, np.int64)  # the last entry is that of -1
    new_codes[kept] = np.arange(len(kept))
    if len(present) > len(kept):
        new_codes[np.setdiff1d(present, kept)] = len(group_names)
        group_names.append(OTHER)
    if (rows < 0).any():
        new_codes[-1] = len(group_names)
        group_names.append(MISSING)
    return RowGroups(tuple(group_names), new_codes[rows])


def group_by_number(numbers: ArrayLike, to_text: Callable[[float], str] | None = None) -> RowGroups:
    """Group rows by the quarter of a number: four groups of about equal size, fewer where numbers repeat.

    Args:
        numbers: ``[N]``, NaN where missing.
        to_text: Writes the limits of a group; by default with four digits.
    """
    values = np.asarray(numbers, np.float64)
    known = np.isfinite(values)
    if not known.any():
        return RowGroups((MISSING,), np.zeros(len(values), np.int64))
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, QUANTILE_GROUPS + 1)))
    codes = np.searchsorted(edges[1:-1], values, side="right") if len(edges) > 2 else np.zeros(len(values), np.int64)
    pairs = pairwise(edges) if len(edges) > 1 else [(edges[0], edges[0])]
    write = to_text or "{:.4g}".format
    names = [f"{write(low)} … {write(high)}" for low, high in pairs]
    if not known.all():
        codes = np.where(known, codes, len(names))
        names.append(MISSING)
    return RowGroups(tuple(names), codes.astype(np.int64))


def group_scores(predictions: TaskPredictions, groups: RowGroups) -> tuple[GroupScores, ...]:
    """Return the scores of each group that has a labeled row."""
    results = []
    for code, name in enumerate(groups.names):
        rows = predictions.labeled & (groups.codes == code)
        if rows.any():
            scores = {"loss": float(predictions.losses[rows].mean()), **_scores(predictions, rows)}
            results.append(GroupScores(name, int(rows.sum()), scores))
    return tuple(results)


def _scores(predictions: TaskPredictions, rows: Booleans) -> dict[str, float]:
    match predictions.form:
        case "classes":
            return {"accuracy": float((predictions.predicted_classes[rows] == predictions.targets[rows]).mean())}
        case "labels":
            known = predictions.targets[rows] >= 0
            right = (predictions.predictions[rows] > 0.5) == (predictions.targets[rows] == 1)
            return {"accuracy": float(right[known].mean())}
        case "values":
            difference = predictions.predictions[rows] - predictions.targets[rows]
            if np.isfinite(difference).any():
                return {"mae": float(np.nanmean(np.abs(difference))), "bias": float(np.nanmean(difference))}
    return {}

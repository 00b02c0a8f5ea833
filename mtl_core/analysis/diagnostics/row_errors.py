"""Rows ranked by loss, and errors that several tasks have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_core.analysis.diagnostics.predictions import Floats, Integers, TaskPredictions


@dataclass(frozen=True, eq=False)
class CommonErrors:
    """Errors of K tasks on the same N rows.

    Attributes:
        counts: ``[K, K]`` rows in which both tasks are wrong; on the diagonal the errors of each task.
        expected: ``[K, K]`` rows in which both would be wrong if their errors were independent, of the rows that are
            labeled for both.
        positions: Positions of the rows in which at least two tasks are wrong, those with most errors first, then by
            the sum of the ranks of their losses.
        wrong: ``[N]`` number of tasks that are wrong in each row.
    """

    counts: Integers
    expected: Floats
    positions: Integers
    wrong: Integers


def hardest_rows(predictions: TaskPredictions, count: int) -> Integers:
    """Return the positions of the labeled rows with the highest loss, highest first; equal ones in their order."""
    labeled = np.flatnonzero(predictions.labeled)
    return labeled[np.argsort(-predictions.losses[labeled], kind="stable")[:count]]


def common_errors(tasks: Sequence[TaskPredictions]) -> CommonErrors:
    """Find rows in which several tasks are wrong.

    Args:
        tasks: At least one task; all have the same rows.
    """
    errors = np.stack([task.errors for task in tasks])
    labeled = np.stack([task.labeled for task in tasks]).astype(np.int64)
    whole = errors.astype(np.int64)
    both_labeled = labeled @ labeled.T
    mine = whole @ labeled.T  # errors of the first task where the second has a label
    counts = whole @ whole.T
    expected = np.divide(mine * mine.T, both_labeled, out=np.zeros(counts.shape), where=both_labeled > 0)
    np.fill_diagonal(expected, np.diagonal(counts))
    wrong = whole.sum(axis=0)
    ranks = np.sum([_loss_ranks(task) for task in tasks], axis=0)
    several = np.flatnonzero(wrong > 1)
    order = np.lexsort((-ranks[several], -wrong[several]))
    return CommonErrors(counts, expected, several[order], wrong)


def _loss_ranks(task: TaskPredictions) -> Floats:
    """``[N]`` ranks of the losses from 0 to 1, which makes tasks of different losses comparable; 0 without a label."""
    ranks = np.zeros(len(task))
    labeled = np.flatnonzero(task.labeled)
    ranks[labeled[np.argsort(task.losses[labeled], kind="stable")]] = np.linspace(0, 1, len(labeled))
    return ranks

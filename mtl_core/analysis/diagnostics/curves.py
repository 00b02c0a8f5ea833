"""ROC and precision-recall curves of one class, their areas with bootstrap intervals, and the cost of a threshold."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mtl_core.analysis.diagnostics.predictions import Floats, Integers

LEVEL = 0.95
RESAMPLES = 200
SEED = 0
MOST_RESAMPLED = 5_000_000
"""Most rows drawn for one interval: larger splits get fewer resamples, at least 50."""
_FEWEST_RESAMPLES = 50


@dataclass(frozen=True, eq=False)
class ThresholdCounts:
    """How many rows are predicted positive at each threshold, from the highest threshold to the lowest.

    A row is predicted positive if its score is at least the threshold. The first threshold is infinite.

    Attributes:
        thresholds: ``[T]`` the distinct scores.
        true_positives: ``[T]`` positive rows predicted positive.
        false_positives: ``[T]`` negative rows predicted positive.
        positives: Number of positive rows.
        negatives: Number of negative rows.
    """

    thresholds: Floats
    true_positives: Integers
    false_positives: Integers
    positives: int
    negatives: int

    def thin(self, count: int) -> "ThresholdCounts":
        """Return at most ``count`` of the thresholds, spread evenly over the predicted positives, with both ends."""
        if len(self.thresholds) <= count:
            return self
        reached = self.true_positives + self.false_positives
        kept = np.unique(np.searchsorted(reached, np.linspace(0, reached[-1], count)))
        return ThresholdCounts(
            self.thresholds[kept],
            self.true_positives[kept],
            self.false_positives[kept],
            self.positives,
            self.negatives,
        )


@dataclass(frozen=True)
class Interval:
    """A statistic with the percentile bootstrap interval of the level 0.95; NaN where undefined."""

    value: float
    low: float
    high: float


def threshold_counts(targets: ArrayLike, scores: ArrayLike) -> ThresholdCounts:
    """Count true and false positives at every distinct score.

    Args:
        targets: ``[N]`` whether a row is positive.
        scores: ``[N]`` its score, higher for positive.
    """
    positive, score = np.asarray(targets, bool), np.asarray(scores, np.float64)
    order = np.argsort(-score, kind="stable")
    positive, score = positive[order], score[order]
    ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1) if len(score) else np.empty(0, np.int64)
    reached = np.cumsum(positive)[ends]
    zero = np.zeros(1, np.int64)
    return ThresholdCounts(
        np.append(np.inf, score[ends]),
        np.append(zero, reached),
        np.append(zero, ends + 1 - reached),
        int(positive.sum()),
        int((~positive).sum()),
    )


def roc_curve(counts: ThresholdCounts) -> tuple[Floats, Floats]:
    """Return false and true positive rates ``[T]``, both rising from 0 to 1; NaN where a class has no row."""
    return _rate(counts.false_positives, counts.negatives), _rate(counts.true_positives, counts.positives)


def precision_recall_curve(counts: ThresholdCounts) -> tuple[Floats, Floats]:
    """Return recall, rising from 0, and precision ``[T]``; precision is 1 at the infinite threshold."""
    predicted = counts.true_positives + counts.false_positives
    precision = np.divide(counts.true_positives, predicted, out=np.ones(len(predicted)), where=predicted > 0)
    return _rate(counts.true_positives, counts.positives), precision


def _rate(counts: Integers, total: int) -> Floats:
    return counts / total if total else np.full(len(counts), np.nan)


_UNDEFINED = Interval(math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class CurveAreas:
    """The areas under the two curves.

    Attributes:
        roc: Area under the ROC curve.
        average_precision: Mean of the precisions, weighted by the gain in recall.
    """

    roc: Interval
    average_precision: Interval


def curve_areas(targets: ArrayLike, scores: ArrayLike, *, resamples: int = RESAMPLES, seed: int = SEED) -> CurveAreas:
    """Return the areas under both curves with their percentile bootstrap intervals (Efron 1979).

    Rows are drawn with replacement; resamples without a positive or a negative row are left out.

    Args:
        targets: ``[N]`` whether a row is positive.
        scores: ``[N]`` its score.
        resamples: Number of resamples of the rows; without any, the limits of the intervals are NaN.
        seed: Seed of the resamples.
    """
    positive, score = np.asarray(targets, bool), np.asarray(scores, np.float64)
    rows = len(score)
    if positive.all() or not positive.any():
        return CurveAreas(_UNDEFINED, _UNDEFINED)
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), rows - 1)
    starts = np.append(0, ends[:-1] + 1)
    is_positive = positive[order]

    def areas_of(weights: Integers) -> tuple[float, float]:
        """The areas of rows that occur so many times; ``weights`` is in the order of the rows."""
        ordered = weights[order].astype(np.float64)
        true = np.add.reduceat(ordered * is_positive, starts)
        false = np.add.reduceat(ordered, starts) - true
        return _roc_area(true, false), _average_precision(true, false)

    values = areas_of(np.ones(rows, np.int64))
    if not resamples:
        return CurveAreas(*(Interval(value, math.nan, math.nan) for value in values))
    generator = np.random.default_rng(seed)
    drawn = [areas_of(np.bincount(generator.integers(0, rows, rows), minlength=rows)) for _ in range(resamples)]
    roc, precision = (
        _interval(value, np.asarray(d)) for value, d in zip(values, zip(*drawn, strict=True), strict=True)
    )
    return CurveAreas(roc, precision)


def _interval(value: float, drawn: Floats) -> Interval:
    defined = drawn[np.isfinite(drawn)]
    if not len(defined):
        return Interval(value, math.nan, math.nan)
    tail = (1 - LEVEL) / 2
    low, high = np.percentile(defined, [100 * tail, 100 * (1 - tail)])
    return Interval(value, float(low), float(high))


def _roc_area(true: Floats, false: Floats) -> float:
    """The area from the positives and negatives at each distinct score, highest score first."""
    positives, negatives = true.sum(), false.sum()
    if positives == 0 or negatives == 0:
        return math.nan
    above = np.cumsum(true) - true / 2
    return float((above * false).sum() / (positives * negatives))


def _average_precision(true: Floats, false: Floats) -> float:
    positives = true.sum()
    if positives == 0 or false.sum() == 0:
        return math.nan
    reached = np.cumsum(true)
    predicted = reached + np.cumsum(false)
    precision = np.divide(reached, predicted, out=np.zeros_like(reached), where=predicted > 0)
    return float((precision * true).sum() / positives)


def affordable_resamples(rows: int) -> int:
    """Return the number of resamples for a split of so many rows, so that an interval takes about a second at most."""
    return max(_FEWEST_RESAMPLES, min(RESAMPLES, MOST_RESAMPLED // max(rows, 1)))


def threshold_costs(counts: ThresholdCounts, false_positive: float, false_negative: float) -> Floats:
    """Return the mean cost of a row at each threshold ``[T]``.

    Args:
        counts: Counts at each threshold.
        false_positive: Cost of a negative row that is predicted positive.
        false_negative: Cost of a positive row that is predicted negative.
    """
    missed = counts.positives - counts.true_positives
    total = max(counts.positives + counts.negatives, 1)
    return (false_positive * counts.false_positives + false_negative * missed) / total

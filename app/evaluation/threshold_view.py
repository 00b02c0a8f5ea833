"""What a threshold of the probability means: counts, rates and cost; without Qt."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.analysis.diagnostics.curves import (
    ThresholdCounts,
    precision_recall_curve,
    roc_curve,
    threshold_costs,
)
from mtl_core.protocol.diagnostics import ClassDiagnostics

Floats = NDArray[np.float64]
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class ThresholdView:
    """The thresholds of one class with the costs of its errors, from the highest threshold to the lowest.

    Attributes:
        counts: Counts at each threshold.
        false_rate: ``[T]`` false positive rate.
        true_rate: ``[T]`` true positive rate, the recall.
        precision: ``[T]`` precision.
        costs: ``[T]`` mean cost of a row.
    """

    counts: ThresholdCounts
    false_rate: Floats
    true_rate: Floats
    precision: Floats
    costs: Floats

    @classmethod
    def of(cls, entry: ClassDiagnostics, false_positive: float, false_negative: float) -> "ThresholdView":
        """Compute from the diagnostics of a class and the costs of its two kinds of error."""
        counts = ThresholdCounts(
            np.asarray(entry.thresholds),
            np.asarray(entry.true_positives, np.int64),
            np.asarray(entry.false_positives, np.int64),
            entry.positives,
            entry.negatives,
        )
        false_rate, true_rate = roc_curve(counts)
        _, precision = precision_recall_curve(counts)
        return cls(counts, false_rate, true_rate, precision, threshold_costs(counts, false_positive, false_negative))

    @property
    def cheapest(self) -> int:
        """Index of the threshold of lowest cost; of equal ones the highest threshold."""
        return int(self.costs.argmin())

    @property
    def default(self) -> int:
        """Index of the lowest threshold that is at least one half."""
        return int((self.counts.thresholds >= DEFAULT_THRESHOLD).sum()) - 1

    def describe(self, index: int) -> str:
        """Describe a threshold in one or two sentences."""
        true, false = int(self.counts.true_positives[index]), int(self.counts.false_positives[index])
        missed, rejected = self.counts.positives - true, self.counts.negatives - false
        rule = "No row is predicted positive" if index == 0 else f"From {self.counts.thresholds[index]:.3f} on"
        rates = f"precision {_rate(self.precision[index])}, recall {_rate(self.true_rate[index])}"
        return (
            f"{rule}: {true} true and {false} false positives, {missed} false and {rejected} true negatives; {rates}. "
            f"Mean cost of a row: {self.costs[index]:.4g}."
        )


def _rate(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.3f}"

"""What a threshold means: counts, rates, costs and the threshold of lowest cost."""

import math

from app.evaluation.threshold_view import ThresholdView
from mtl_core.protocol.diagnostics import ClassDiagnostics, Estimate

NONE = Estimate(value=math.nan, low=math.nan, high=math.nan)


def entry(negatives: int = 3) -> ClassDiagnostics:
    """Two positive rows of probability 0.9 and 0.4, and negative ones of 0.6, 0.3 and 0.1."""
    return ClassDiagnostics(
        name="yes",
        positives=2,
        negatives=negatives,
        auroc=NONE,
        average_precision=NONE,
        thresholds=(2.0, 0.9, 0.6, 0.4, 0.3, 0.1),
        true_positives=(0, 1, 1, 2, 2, 2),
        false_positives=(0, 0, 1, 1, 2, 3),
        probability=(),
        frequency=(),
        counts=(),
        calibration_error=math.nan,
    )


def test_the_threshold_of_lowest_cost_follows_the_costs() -> None:
    missing_is_dear = ThresholdView.of(entry(), false_positive=1, false_negative=10)
    assert missing_is_dear.counts.thresholds[missing_is_dear.cheapest] == 0.4
    alarm_is_dear = ThresholdView.of(entry(), false_positive=10, false_negative=1)
    assert alarm_is_dear.counts.thresholds[alarm_is_dear.cheapest] == 0.9


def test_a_threshold_is_described_by_counts_rates_and_cost() -> None:
    view = ThresholdView.of(entry(), false_positive=1, false_negative=10)
    assert view.counts.thresholds[view.default] == 0.6
    assert view.describe(view.default) == (
        "From 0.600 on: 1 true and 1 false positives, 1 false and 2 true negatives; precision 0.500, recall 0.500. "
        "Mean cost of a row: 2.2."
    )
    assert view.describe(0).startswith("No row is predicted positive: 0 true and 0 false positives")

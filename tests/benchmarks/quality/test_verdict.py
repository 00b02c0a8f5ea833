"""The verdict of the quality benchmark, and Δm of an experiment over a baseline."""

import math

import numpy as np
import pytest

from mtl_core.spec import BinaryTask, RegressionTask
from tests.benchmarks.quality.comparison import Comparison, delta, mean_and_error, verdict
from tests.benchmarks.quality.generated import GENERATED


def test_a_verdict_asks_boosted_trees_for_half_of_the_tables_and_others_for_the_mean() -> None:
    by_table = ({"linear": (0.1, 0.3), "LightGBM": (0.01, 0.01)}, {"linear": (-0.3, -0.2), "LightGBM": (-0.5, -0.5)})
    linear, boosted = verdict([Comparison(str(i), 1.0, {}, values) for i, values in enumerate(by_table)])
    assert linear == ("linear: mean Δm -2.5%, at least as good on 1 of 2 tables; mean Δm at least 0 is missed")
    assert boosted.endswith("at least as good on half of the tables is reached")


def test_delta_m_is_positive_where_errors_are_smaller_and_accuracies_larger() -> None:
    tasks = (RegressionTask(name="y", target="y"), BinaryTask(name="z", target="z"))
    assert delta(tasks, {"y": 0.8, "z": 0.9}, {"y": 1.0, "z": 0.75}) == pytest.approx((0.2 + 0.2) / 2)


def test_the_standard_error_is_that_of_the_mean() -> None:
    assert mean_and_error([1.0, 2.0, 3.0]) == (2.0, pytest.approx(1 / math.sqrt(3)))
    assert math.isnan(mean_and_error([1.0])[1])


def test_generated_tables_have_their_targets_and_are_always_the_same() -> None:
    for make, targets in GENERATED.values():
        first, second = (make(np.random.default_rng(0)) for _ in range(2))
        assert {*targets} < {*first.columns}
        assert len(targets) > 1
        assert first.equals(second)

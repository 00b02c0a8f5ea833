"""Differences of two groups of runs over the seeds that both have."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtl_core.analysis.paired import compare_pairs
from mtl_core.analysis.statistics import student_p


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 30])
@pytest.mark.parametrize("t", [-4.0, 0.0, 0.3, 2.5])
def test_probabilities_are_those_of_scipy(t: float, freedom: int) -> None:
    assert student_p(t, freedom) == pytest.approx(2 * stats.t.sf(abs(t), freedom), abs=1e-12)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8))
def test_the_test_is_scipys_over_the_shared_seeds(pairs: list[tuple[float, float]]) -> None:
    first, second = ({seed: pair[side] for seed, pair in enumerate(pairs)} for side in (0, 1))
    result = compare_pairs({**first, 99: 0.5}, second, "max")
    assert result.seeds == len(pairs)
    if result.differences.sd > 1e-9:
        expected = stats.ttest_rel(list(first.values()), list(second.values())).pvalue
        assert result.p_value == pytest.approx(expected, abs=1e-6)


def test_better_is_counted_by_the_direction_of_the_metric() -> None:
    first, second = {0: 0.1, 1: 0.2, 2: 0.4}, {0: 0.2, 1: 0.4, 2: 0.5}
    loss, score = (compare_pairs(first, second, direction) for direction in ("min", "max"))
    assert (loss.wins, score.wins) == (3, 0)
    assert loss.effect_size == -score.effect_size > 0


def test_one_seed_and_equal_values_tell_nothing() -> None:
    assert math.isnan(compare_pairs({0: 1.0}, {0: 0.5}, "max").p_value)
    same = compare_pairs({0: 1.0, 1: 0.5}, {0: 1.0, 1: 0.5}, "max")
    assert (same.wins, math.isnan(same.p_value), math.isnan(same.effect_size)) == (0, True, True)
    assert compare_pairs({0: 1.0, 1: 2.0}, {0: 0.5, 1: 1.5}, "max").p_value == 0

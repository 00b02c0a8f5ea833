"""Split-conformal intervals: their rank, too few errors, and coverage on exchangeable rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.analysis.conformal import check_level, half_width, half_widths
from mtl_core.analysis.diagnostics.predictions import TaskPredictions
from mtl_core.errors import InputError


def test_the_half_width_is_the_rank_of_n_plus_one() -> None:
    errors = np.array([-5.0, 1, -2, np.nan, 3, 4, 6, 7, 8, 9])
    assert half_width(errors, 0.9) == 9  # rank ⌈10 · 0.9⌉ of 9
    assert half_width(errors, 0.8) == 8
    assert half_width(errors, 0.95) is None
    assert half_width(np.arange(1.0, 20), 0.95) == 19  # 20 · 0.95 is 19, not more
    assert half_width(np.array([np.nan]), 0.5) is None


@given(
    count=st.integers(20, 400),
    level=st.sampled_from((0.8, 0.9, 0.95)),
    skew=st.floats(0.1, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_intervals_of_exchangeable_rows_cover_at_least_their_share(
    count: int, level: float, skew: float, seed: int
) -> None:
    """Over many validation sets; 4.5 standard errors below would be a chance of one in 300 000 for each example."""
    rng = np.random.default_rng(seed)
    trials = 400
    covered = np.empty(trials)
    for trial in range(trials):
        errors = rng.lognormal(sigma=skew, size=count + 25) * rng.choice([-1, 1], count + 25)
        width = half_width(errors[:count], level)
        assert width is not None
        covered[trial] = (np.abs(errors[count:]) <= width).mean()
    assert covered.mean() >= level - 4.5 * covered.std() / np.sqrt(trials)


def test_numbers_have_intervals_and_classes_have_none() -> None:
    rows = np.arange(30)
    targets = np.stack([rows * 1.0, np.full(30, np.nan)], axis=1)
    numbers = TaskPredictions("size", "values", ("a", "b"), rows, targets, np.zeros((30, 2)), np.zeros(30))
    classes = TaskPredictions("kind", "classes", ("x", "y"), rows, rows % 2, np.full((30, 2), 0.5), np.zeros(30))
    widths = half_widths([numbers, classes], {"size": "regression", "kind": "binary"}, 0.9)
    assert widths == {"size": (27.0, None)}


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, float("nan"), 90.0])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(InputError, match="between 0 and 1"):
        check_level(level)

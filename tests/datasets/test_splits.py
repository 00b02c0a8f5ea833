"""Splits: shares, stratification and the seed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.datasets.splits.shares import assign_splits, split_sizes
from mtl_core.spec import StratifiedSplit

SHARES = st.sampled_from([(0.7, 0.15, 0.15), (0.8, 0.1, 0.1), (0.4, 0.3, 0.3), (0.98, 0.01, 0.01), (0.02, 0.49, 0.49)])


def spec(shares: tuple[float, float, float]) -> StratifiedSplit:
    return StratifiedSplit(train=shares[0], val=shares[1], test=shares[2])


@given(rows=st.integers(3, 5000), shares=SHARES)
def test_sizes_add_up_and_no_split_is_empty(rows: int, shares: tuple[float, float, float]) -> None:
    counts = split_sizes(rows, spec(shares))
    assert counts.sum() == rows
    assert counts.min() >= 1
    assert np.abs(counts - np.array(shares) * rows).max() <= 2


@given(st.lists(st.integers(0, 4), min_size=10, max_size=300), SHARES, st.integers(0, 99))
def test_every_class_gets_its_shares_to_within_two_rows(
    classes: list[int], shares: tuple[float, float, float], seed: int
) -> None:
    keys = np.array(classes)
    parts = assign_splits([keys], len(keys), spec(shares), np.random.default_rng(seed))
    exact = split_sizes(len(keys), spec(shares)) / len(keys)
    for value in np.unique(keys):
        counts = np.bincount(parts[keys == value], minlength=3)
        assert np.abs(counts - exact * counts.sum()).max() <= 2


def test_a_class_of_a_handful_of_rows_is_in_training() -> None:
    for seed in range(50):
        keys = np.zeros(200, np.int64)
        keys[:3] = 1
        parts = assign_splits([keys], 200, StratifiedSplit(), np.random.default_rng(seed))
        assert (parts[:3] == 0).any()


def test_a_plain_split_is_random_and_exact() -> None:
    parts = assign_splits([], 100, StratifiedSplit(), np.random.default_rng(0))
    other = assign_splits([], 100, StratifiedSplit(), np.random.default_rng(1))
    assert np.bincount(parts).tolist() == [70, 15, 15]
    assert not np.array_equal(parts, other)

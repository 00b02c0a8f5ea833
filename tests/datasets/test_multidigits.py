"""The generated data set of two overlapping digits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_core.datasets.bundled.multidigits import CANVAS, PAIRS, generate_pairs
from mtl_core.spec import StratifiedSplit


@given(seed=st.integers(0, 2**32 - 1), train=st.sampled_from([0.5, 0.7, 0.9, 0.98]))
@settings(max_examples=8, deadline=None)
def test_no_source_digit_is_in_two_splits(seed: int, train: float) -> None:
    pairs = generate_pairs(StratifiedSplit(train=train, val=(1 - train) / 2, test=(1 - train) / 2, seed=seed))
    owners = [set(np.unique(pairs.sources[pairs.split == part])) for part in range(3)]
    assert all(owners)
    assert not owners[0] & owners[1]
    assert not owners[0] & owners[2]
    assert not owners[1] & owners[2]


def test_the_default_split_has_about_ten_thousand_training_pairs() -> None:
    pairs = generate_pairs(StratifiedSplit())
    assert np.bincount(pairs.split).tolist() == [9800, 2100, 2100]
    assert pairs.images.shape == (PAIRS, CANVAS, CANVAS)


def test_the_same_split_gives_the_same_pairs_and_another_seed_others() -> None:
    first, again, other = (
        generate_pairs(StratifiedSplit()),
        generate_pairs(StratifiedSplit()),
        generate_pairs(StratifiedSplit(seed=1)),
    )
    assert np.array_equal(first.images, again.images)
    assert np.array_equal(first.left, again.left)
    assert not np.array_equal(first.images, other.images)


@pytest.mark.parametrize("side", ["left", "right"])
def test_every_digit_stands_on_either_side_about_equally_often(side: str) -> None:
    counts = np.bincount(getattr(generate_pairs(StratifiedSplit()), side), minlength=10)
    assert counts.min() > 0.85 * PAIRS / 10
    assert counts.max() < 1.15 * PAIRS / 10


def test_each_digit_keeps_to_its_side_and_they_overlap() -> None:
    pairs = generate_pairs(StratifiedSplit())
    ink = pairs.images.sum(axis=1) > 0
    assert ink[:, :8].any(axis=1).all()
    assert ink[:, 8:].any(axis=1).all()
    assert ink[:, 6:10].mean() > 0.5

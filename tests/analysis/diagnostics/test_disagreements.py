"""Which of two models is right agrees with SciPy's exact tests and with plain counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from mtl_core.analysis.diagnostics.disagreements import different_rows, right_counts
from mtl_core.analysis.diagnostics.predictions import Form, TaskPredictions


def predictions(
    form: Form, targets: list[object], probabilities: list[object], losses: list[float], names: str = "abc"
) -> TaskPredictions:
    return TaskPredictions(
        "t", form, tuple(names), np.arange(len(losses)), np.array(targets), np.array(probabilities), np.array(losses)
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_mcnemar_is_the_exact_binomial_test_of_the_discordant_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 300))
    first, second = rng.random(rows) < rng.random(), rng.random(rows) < rng.random()
    counts = right_counts(first, second)
    assert counts.both + counts.first + counts.second + counts.neither == rows
    assert counts.both == sum(bool(a and b) for a, b in zip(first, second, strict=True))
    total, fewer = counts.first + counts.second, min(counts.first, counts.second)
    expected = min(1.0, 2 * binom.cdf(fewer, total, 0.5))  # as statsmodels' mcnemar(exact=True)
    assert counts.p_value == pytest.approx(expected, abs=1e-9)


def test_rows_with_other_classes_come_by_the_difference_of_their_losses() -> None:
    targets = [0, 1, 2, 0, -1]
    one = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.2, 0.2], [0.1, 0.8, 0.1], [1, 0, 0]]
    other = [[0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.1, 0.1, 0.8], [0, 1, 0]]
    first = predictions("classes", targets, one, [0.2, 0.4, 1.6, 2.3, np.nan])
    second = predictions("classes", targets, other, [1.6, 0.2, 0.2, 2.3, np.nan])
    found = different_rows(first, second)
    assert found.positions.tolist() == [0, 2, 3]
    assert found.lower_loss == (1, 2)
    assert found.right is not None
    right = found.right
    assert (right.both, right.first, right.second, right.neither, right.p_value) == (1, 1, 1, 1, 1.0)


def test_labels_differ_where_any_of_them_does_and_numbers_everywhere() -> None:
    targets = [[1, 0], [0, 1]]
    first = predictions("labels", targets, [[0.9, 0.2], [0.1, 0.9]], [0.1, 0.1], "ab")
    second = predictions("labels", targets, [[0.9, 0.6], [0.2, 0.8]], [0.6, 0.2], "ab")
    found = different_rows(first, second)
    assert found.positions.tolist() == [0]
    assert found.right is not None
    assert (found.right.both, found.right.first) == (1, 1)

    values = [[1.0], [2.0], [np.nan]]
    first = predictions("values", values, [[1.5], [2.0], [1.0]], [0.25, 0.0, np.nan], "v")
    second = predictions("values", values, [[1.0], [4.0], [1.0]], [0.0, 4.0, np.nan], "v")
    found = different_rows(first, second)
    assert found.positions.tolist() == [1, 0]
    assert found.right is None
    assert found.lower_loss == (1, 1)

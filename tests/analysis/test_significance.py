"""A best value is marked only where the difference is significant; compared with SciPy's test."""

import math
import random

import pytest
from scipy import stats

from mtl_core.analysis.significance import differs, marks
from mtl_core.analysis.statistics import Spread


def _columns(*values: list[float]) -> list[Spread]:
    return [Spread.of(column) for column in values]


@pytest.mark.parametrize("seed", range(40))
def test_two_columns_differ_where_welchs_test_says_so(seed: int) -> None:
    chance = random.Random(seed)
    one = [chance.gauss(0.9, 0.01) for _ in range(chance.randrange(2, 8))]
    other = [chance.gauss(0.9 + chance.uniform(0, 0.05), 0.02) for _ in range(chance.randrange(2, 8))]
    expected = stats.ttest_ind(one, other, equal_var=False)
    # Degrees of freedom are rounded down, so that only clear cases agree for certain.
    if expected.pvalue > 0.05:
        assert not differs(Spread.of(one), Spread.of(other))
    elif expected.pvalue < 0.01:
        assert differs(Spread.of(one), Spread.of(other))


def test_equal_methods_are_rarely_told_apart() -> None:
    chance = random.Random(0)
    claims = 0
    for _ in range(400):
        columns = _columns(*([chance.gauss(0.9, 0.01) for _ in range(5)] for _ in range(4)))
        claims += "best" in marks(columns, "max")
    assert claims / 400 <= 0.05


@pytest.mark.parametrize(
    ("columns", "direction", "expected"),
    [
        (([0.9], [0.95], [0.95]), "max", ("", "leading", "leading")),
        (([0.2], [0.3]), "min", ("leading", "")),
        (([0.9],), "max", ("",)),
        (([0.9], [0.9]), "max", ("", "")),
        (([0.9], [math.nan]), "max", ("", "")),
        (([0.1], [0.2]), "", ("", "")),
        (([0.1, 0.11], [0.9, 0.91], []), "max", ("", "best", "")),
        (([0.1, 0.11], [0.9]), "max", ("", "")),
        (([0.5, 0.5], [0.6, 0.6]), "max", ("", "best")),
    ],
)
def test_the_mark_follows_from_how_many_values_there_are(
    columns: tuple[list[float], ...], direction: str, expected: tuple[str, ...]
) -> None:
    assert marks(_columns(*columns), direction) == expected

"""Mean, standard deviation and confidence interval of values over seeds."""

import math
import statistics
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtl_core.analysis.statistics import Spread, student_t


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 29, 30, 99, 1000])
@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_students_t_is_that_of_the_tables(freedom: int, level: float) -> None:
    assert student_t(freedom, level) == pytest.approx(stats.t.ppf((1 + level) / 2, freedom), rel=1e-9)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12))
def test_the_spread_is_that_of_the_textbook(values: list[float]) -> None:
    spread = Spread.of(values)
    assert spread.mean == pytest.approx(statistics.fmean(values), abs=1e-9)
    assert spread.sd == pytest.approx(statistics.stdev(values), rel=1e-6, abs=1e-9)
    low, high = spread.interval
    error = stats.sem(values)
    if error > 1e-6:
        assert (low, high) == pytest.approx(stats.t.interval(0.95, len(values) - 1, spread.mean, error), rel=1e-6)


def test_one_value_has_a_mean_and_no_spread() -> None:
    spread = Spread.of([0.5])
    assert spread.mean == 0.5
    assert math.isnan(spread.sd)
    assert spread.data() == {"n": 1, "mean": 0.5, "sd": None, "low": None, "high": None, "values": [0.5]}


def test_what_is_no_number_is_left_out() -> None:
    assert Spread.of([1.0, math.nan, 3.0, math.inf]).values == (1.0, 3.0)
    assert not Spread.of([math.nan])


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((), "—"),
        ((0.95,), "0.95"),
        ((0.5, 0.5), "0.5 ± 0"),
        ((0.95, 0.96, 0.97), "0.960 ± 0.010"),
        ((46.1, 45.3, 46.8), "46.07 ± 0.75"),
        ((1200.0, 1250.0), "1225 ± 35"),
        ((1e9, 2e9), "1.500e+09 ± 7.1e+08"),
    ],
)
def test_a_spread_is_told_with_the_digits_that_mean_something(values: tuple[float, ...], text: str) -> None:
    assert Spread.of(values).text() == text


def test_judging_loads_no_torch() -> None:
    check = "import sys, mtl_core.analysis.delta_m; print('torch' in sys.modules, 'scipy' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["False", "False"]

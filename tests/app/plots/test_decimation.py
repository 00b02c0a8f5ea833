"""Decimation of curves: minimum and maximum of each pixel remain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.plots.decimation import XAxis, decimate, nice_limits, smooth

values = arrays(np.float64, st.integers(1, 700), elements=st.floats(-1e3, 1e3) | st.just(float("nan")))


def _slow_average(series: np.ndarray, weight: float) -> np.ndarray:
    total = mass = 0.0
    out = np.full(series.size, np.nan)
    for index, value in enumerate(series):
        known = np.isfinite(value)
        total = weight * total + (value if known else 0.0)
        mass = weight * mass + known
        if known:
            out[index] = total / mass
    return out


@settings(max_examples=60, deadline=None)
@given(series=values, weight=st.floats(0.01, 0.999))
def test_smoothing_is_the_debiased_average_of_the_points_so_far(series: np.ndarray, weight: float) -> None:
    np.testing.assert_allclose(smooth(series, weight), _slow_average(series, weight), rtol=1e-7, atol=1e-7)


def test_smoothing_agrees_with_the_plain_recurrence_over_many_blocks() -> None:
    series = np.random.default_rng(0).standard_normal(40_000)
    np.testing.assert_allclose(smooth(series, 0.99), _slow_average(series, 0.99), atol=1e-9)


def test_a_constant_stays_that_constant_when_smoothed() -> None:
    np.testing.assert_allclose(smooth(np.full(500, 3.0), 0.95), 3.0)


def test_no_smoothing_hands_the_series_back() -> None:
    series = np.arange(5.0)
    assert smooth(series, 0.0) is series


@settings(max_examples=60, deadline=None)
@given(series=values, columns=st.integers(10, 60))
def test_decimation_keeps_the_highest_and_the_lowest_point(series: np.ndarray, columns: int) -> None:
    x = np.arange(series.size, dtype=float)
    out_x, out_y = decimate(x, series, 0.0, float(series.size), columns)
    assert out_x.size == out_y.size <= max(4 * columns, 1)
    assert (np.diff(out_x) >= 0).all()
    if np.isfinite(series).any():
        assert np.nanmax(out_y) == np.nanmax(series)
        assert np.nanmin(out_y) == np.nanmin(series)


def test_decimation_of_a_million_points_leaves_two_a_column() -> None:
    x = np.arange(1_000_000.0)
    out_x, _ = decimate(x, np.sin(x), 0.0, 1e6, 800)
    assert out_x.size == 1600
    assert out_x[-1] == x[-1]


def test_decimation_looks_only_at_the_view_and_one_point_on_either_side() -> None:
    x = np.arange(100.0)
    out_x, _ = decimate(x, x, 10.0, 20.0, 50)
    assert out_x[0] == 9.0
    assert out_x[-1] == 21.0


def test_a_gap_stays_a_gap_when_decimated() -> None:
    x = np.arange(10_000.0)
    y = np.ones(10_000)
    y[4000:6000] = np.nan
    out_x, out_y = decimate(x, y, 0.0, 1e4, 100)
    assert np.isnan(out_y[(out_x > 4100) & (out_x < 5900)]).all()


def test_a_range_that_begins_near_zero_begins_at_zero() -> None:
    assert nice_limits(0.14, 1.03) == (0.0, 1.2)


@pytest.mark.parametrize(("low", "high"), [(2.0, 2.0), (0.5, 0.5001), (-1.0, -1.0), (0.0, 0.0)])
def test_limits_of_a_constant_leave_room_around_it(low: float, high: float) -> None:
    bottom, top = nice_limits(low, high)
    assert bottom < low
    assert top > high


def test_limits_of_nothing_are_zero_to_one() -> None:
    assert nice_limits(float("nan"), float("inf")) == (0.0, 1.0)


def test_places_between_and_beyond_known_steps_follow_straight_lines() -> None:
    axis = XAxis("seconds", (0.0, 100.0, 200.0), (0.0, 10.0, 40.0))
    np.testing.assert_allclose(axis.place(np.array([50.0, 150.0, 300.0])), [5.0, 25.0, 70.0])


def test_an_axis_of_steps_leaves_steps_alone() -> None:
    steps = np.arange(4.0)
    assert XAxis().place(steps) is steps

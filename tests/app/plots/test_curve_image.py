"""Curves drawn into an image."""

import numpy as np
import pytest

from app.plots.curve_image import Curve, Snapshot, fitted_end, paint
from app.plots.decimation import XAxis

STEPS = np.arange(1000.0)


def _snapshot(*curves: Curve, **options: object) -> Snapshot:
    return Snapshot(tuple(enumerate(curves)), XAxis(), 400, **options)  # type: ignore[arg-type]


def test_a_smoothed_curve_has_its_raw_line_beside_it() -> None:
    noisy = np.random.default_rng(0).standard_normal(1000)
    line = paint(_snapshot(Curve(STEPS, noisy), smoothing=0.9)).lines[0]
    assert line.faint_y is not None
    assert np.nanstd(line.y) < np.nanstd(line.faint_y)


def test_a_curve_that_is_not_to_be_smoothed_is_drawn_alone() -> None:
    line = paint(_snapshot(Curve(STEPS, STEPS, smoothed=False), smoothing=0.9)).lines[0]
    assert line.faint_y is None


def test_infinite_and_missing_values_do_not_reach_the_axis() -> None:
    values = np.where(STEPS % 2 == 0, 1.0, np.inf)
    picture = paint(_snapshot(Curve(STEPS, values)))
    assert np.isfinite(picture.y_limits).all()
    assert not picture.empty


def test_a_curve_without_one_finite_value_leaves_the_plot_empty() -> None:
    assert paint(_snapshot(Curve(STEPS, np.full(1000, np.nan)))).empty


def test_a_logarithmic_axis_leaves_out_what_is_not_above_zero() -> None:
    picture = paint(_snapshot(Curve(np.arange(3.0), np.array([-1.0, 0.0, 100.0])), log_y=True))
    np.testing.assert_allclose(picture.lines[0].y, [np.nan, np.nan, 2.0])


@pytest.mark.parametrize(
    ("planned", "end"), [(999, 999), (1500, 1500), (1998, 1998), (2000, 1000), (6000, 1500), (1e6, 1e6 / 2**9)]
)
def test_the_axis_ends_at_the_planned_end_once_half_is_done_and_before_at_a_half_of_it_that_holds_the_curve(
    planned: float, end: float
) -> None:
    assert paint(_snapshot(Curve(STEPS, STEPS), until=planned)).x_limits == (0.0, end)


@pytest.mark.parametrize("reached", [0.01, 1.0, 7.3, 499.0, 500.0, 999.0])
def test_a_growing_curve_fills_half_of_the_axis_at_least(reached: float) -> None:
    assert reached <= fitted_end(reached, 1000.0) <= max(2 * reached, 1000.0 / 2**17)


def test_an_empty_plot_shows_the_planned_steps() -> None:
    assert fitted_end(0.0, 6000.0) == 6000.0


def test_one_spike_of_a_raw_line_does_not_flatten_the_smoothed_one() -> None:
    values = np.ones(1000)
    values[500] = 1e6
    assert paint(_snapshot(Curve(STEPS, values), smoothing=0.0)).y_limits[1] >= 1e6
    noisy = paint(_snapshot(Curve(STEPS, values), smoothing=0.999))
    assert noisy.y_limits[1] < 1e5


def test_a_lone_point_is_drawn_as_a_short_dash() -> None:
    line = paint(_snapshot(Curve(np.array([300.0]), np.array([0.5])), until=1000)).lines[0]
    assert line.x[0] < 300.0 < line.x[1]


def test_weights_are_drawn_from_zero_when_asked() -> None:
    assert paint(_snapshot(Curve(STEPS, np.full(1000, 0.9)), from_zero=True)).y_limits[0] == 0.0

"""Curves drawn into an image."""

from dataclasses import replace

import numpy as np
import pytest

from app.plots.curve_image import Curve, Limits, Snapshot, fitted_end, paint, shown_values
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


def test_a_weighted_loss_is_multiplied_by_the_last_weight_up_to_its_step() -> None:
    weights = (np.array([100.0, 500.0]), np.array([2.0, 3.0]))
    curve = Curve(STEPS, np.ones(1000), weights=weights)
    np.testing.assert_array_equal(shown_values(curve, "weighted")[[0, 100, 499, 500, 999]], [2, 2, 2, 3, 3])
    np.testing.assert_array_equal(shown_values(replace(curve, weights=None), "weighted"), curve.values)


def test_a_normalized_loss_is_one_on_average_in_the_first_epoch() -> None:
    curve = Curve(np.array([50.0, 100.0, 150.0]), np.array([3.0, 5.0, 2.0]))
    np.testing.assert_allclose(shown_values(curve, "normalized", 100.0), [0.75, 1.25, 0.5])
    np.testing.assert_allclose(shown_values(replace(curve, epoch_steps=50.0), "normalized", 100.0)[0], 1.0)
    assert np.isnan(shown_values(replace(curve, values=np.zeros(3)), "normalized")).all()


def test_a_logarithmic_horizontal_axis_begins_at_the_first_step_above_zero() -> None:
    picture = paint(_snapshot(Curve(STEPS, STEPS), log_x=True))
    assert picture.x_limits == pytest.approx((0.0, np.log10(999)))
    assert paint(_snapshot(Curve(np.zeros(1), np.ones(1)), log_x=True)).empty


@pytest.mark.parametrize(
    ("limits", "log", "x", "y"),
    [
        (Limits(left=100, top=50), False, (100, 999), (0, 50)),
        (Limits(left=100, bottom=1, top=50), True, (2, np.log10(999)), (0, np.log10(50))),
        (Limits(left=-1, right=0), True, (0, np.log10(999)), None),
        (Limits(left=2000, right=None), False, (2000, 2999), None),
    ],
)
def test_an_end_that_a_person_set_does_not_follow_the_curves(
    limits: Limits, log: bool, x: tuple[float, float], y: tuple[float, float] | None
) -> None:
    picture = paint(_snapshot(Curve(STEPS, STEPS), limits=limits, log_x=log, log_y=log))
    assert picture.x_limits == pytest.approx(x)
    assert y is None or picture.y_limits == pytest.approx(y)

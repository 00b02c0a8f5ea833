"""Mean and standard deviation of curves over seeds."""

import numpy as np
import pytest

from mtl_core.analysis.bands import band


def test_curves_of_other_steps_are_interpolated_where_all_have_points() -> None:
    first = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0, 3.0])
    second = np.array([0.0, 2.0]), np.array([1.0, 3.0])
    found = band([first, second])
    assert found is not None
    assert found.x.tolist() == [0, 1, 2]
    assert found.mean.tolist() == [0.5, 1.5, 2.5]
    assert found.sd == pytest.approx(np.sqrt([0.5] * 3))


def test_one_curve_and_curves_apart_have_no_band() -> None:
    one = np.array([0.0, 1.0]), np.array([1.0, np.nan])
    assert band([one]) is None
    assert band([one, (np.array([5.0]), np.array([1.0]))]) is None

"""The exact solvers, checked by the optimality conditions of their problems.

Covers: mtl_core/weighting/solvers/active_set.py.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.weighting.solvers.dual_cone import cone_weights, lawson_hanson
from mtl_core.weighting.solvers.max_min_in_ball import conflict_averse_weights
from mtl_core.weighting.solvers.min_norm import min_norm_weights
from mtl_core.weighting.solvers.nash import bargaining_weights
from mtl_core.weighting.solvers.row_scaling import Array, lengths_and_cosines
from mtl_core.weighting.solvers.simplex import project_onto_simplex
from tests.weighting.cases import jacobians


def rows_of(jacobian: Tensor) -> tuple[Array, Array, Array, Array]:
    """The rows, their Gramian, lengths and cosines."""
    rows = jacobian.numpy()
    gramian = rows @ rows.T
    return rows, gramian, *lengths_and_cosines(gramian)


@given(jacobians(), st.sampled_from([0.5, 1.0, 2.0]))
@settings(max_examples=80, deadline=None)
def test_balanced_weights_are_in_balance_or_the_point_is_stationary(jacobian: Tensor, power: float) -> None:
    rows, gramian, lengths, cosines = rows_of(jacobian)
    weights = bargaining_weights(gramian, power)
    if not weights.any():
        shares = min_norm_weights(cosines)
        assert np.linalg.norm(shares @ (rows / lengths[:, None])) <= 1e-6
        return
    assert (weights > 0).all()
    inner = weights * lengths
    gains = cosines @ inner
    wanted = lengths ** (power - 1) * inner**-power
    assert np.abs(gains - wanted).max() <= 1e-6 * np.linalg.norm(weights @ rows)


@given(jacobians(), st.sampled_from([0.1, 0.5, 0.99, 1.5]))
@settings(max_examples=80, deadline=None)
def test_no_step_in_the_ball_gains_more_for_the_worst_task(jacobian: Tensor, c: float) -> None:
    rows, gramian, lengths, _ = rows_of(jacobian)
    centre = rows.mean(axis=0)
    radius = c * float(np.linalg.norm(centre))
    if radius <= 1e-12 * lengths.max():
        return
    weights = conflict_averse_weights(gramian, rows @ centre, radius)
    assert (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(1)
    combined = weights @ rows
    length = float(np.linalg.norm(combined))
    if length > 1e-6 * (weights * lengths).max():
        # Weak duality: no step gains more than the value at any weights, and this one gains that much.
        gained = (rows @ (centre + radius / length * combined)).min()
        value = combined @ centre + radius * length
        assert value - gained <= 1e-8 * lengths.max() * np.linalg.norm(centre)


@given(jacobians())
@settings(max_examples=80, deadline=None)
def test_a_projection_onto_the_cone_is_the_nearest_point_that_hurts_no_row(jacobian: Tensor) -> None:
    rows, _, _, cosines = rows_of(jacobian)
    starts = np.eye(len(rows))
    weights = cone_weights(cosines, starts)
    products = weights @ cosines
    assert (weights >= starts).all()
    size = np.abs(weights).sum(axis=1, keepdims=True)
    assert (products >= -1e-9 * size).all()
    assert np.abs((weights - starts) * products).max() <= 1e-7


@given(jacobians())
@settings(max_examples=40, deadline=None)
def test_both_ways_onto_the_cone_agree(jacobian: Tensor) -> None:
    rows, _, lengths, cosines = rows_of(jacobian)
    units = rows / lengths[:, None]
    found = cone_weights(cosines, np.eye(len(rows)))
    slowly = np.stack(
        [np.eye(len(rows))[row] + lawson_hanson(cosines, cosines[row], 1e-14) for row in range(len(rows))]
    )
    assert np.abs((found - slowly) @ units).max() <= 1e-4


def test_a_point_of_the_simplex_stays_and_another_goes_to_the_nearest() -> None:
    inside = np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(project_onto_simplex(inside), inside)
    np.testing.assert_allclose(project_onto_simplex(np.array([2.0, 0.0, -5.0])), [1, 0, 0])
    np.testing.assert_allclose(project_onto_simplex(inside + 7), inside)


def test_rows_on_one_line_have_a_shortest_combination_of_zero() -> None:
    rows = np.array([[-1.9], [-0.2], [0.7]])
    weights = min_norm_weights(rows @ rows.T)
    assert (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(1)
    assert abs(float((weights @ rows)[0])) <= 1e-12
    _, _, _, cosines = rows_of(torch.from_numpy(rows))
    assert min_norm_weights(cosines).sum() == pytest.approx(1)

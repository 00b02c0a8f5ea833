"""The length of a step stays within its bound, in float32, on ill-conditioned gradients."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mtl_core.spec import kind_of, members
from mtl_core.spec.weighting import (
    ExcessMtlWeighting,
    GradVacWeighting,
    ImtlGWeighting,
    MgdaWeighting,
    NashMtlWeighting,
)
from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting import build_weighting
from tests.weighting.cases import Linear

Rows = NDArray[np.float64]
Bound = Callable[[list[Rows]], float]
"""From the Jacobians of all steps to the longest that the last step may be."""

WIDTH = 20
STEPS = 3
LOSS = 1.0


def _signs(generator: np.random.Generator, tasks: int) -> Rows:
    signs = generator.choice([-1.0, 1.0], (tasks, 1))
    signs[:2, 0] = 1, -1
    return signs


def nearly_opposed(generator: np.random.Generator, tasks: int) -> Rows:
    """Multiples of one row, of both signs, that are dependent up to the rounding to float32."""
    row = generator.standard_normal((1, WIDTH))
    return _signs(generator, tasks) * 10 ** generator.uniform(-1, 1, (tasks, 1)) * row


def nearly_opposed_equally_long(generator: np.random.Generator, tasks: int) -> Rows:
    """The same of one length, so that their mean nearly vanishes too."""
    row = generator.standard_normal((1, WIDTH))
    return _signs(generator, tasks) * (row + 1e-6 * generator.standard_normal((tasks, WIDTH)))


def nearly_equal(generator: np.random.Generator, tasks: int) -> Rows:
    """One row with noise just above the rounding."""
    return generator.standard_normal((1, WIDTH)) + 10 ** generator.uniform(-7, -4) * generator.standard_normal(
        (tasks, WIDTH)
    )


def nearly_zero(generator: np.random.Generator, tasks: int) -> Rows:
    """Down to the shortest that float32 can hold in full."""
    return 10 ** generator.uniform(-36, -10) * generator.standard_normal((tasks, WIDTH))


def badly_scaled(generator: np.random.Generator, tasks: int) -> Rows:
    """Twelve orders of magnitude in one Jacobian."""
    scales = 10 ** generator.uniform(-6, 6, (tasks, 1))
    scales[:2, 0] = 1e-6, 1e6
    return scales * generator.standard_normal((tasks, WIDTH))


def duplicates(generator: np.random.Generator, tasks: int) -> Rows:
    """Pairs of rows that are the same to the bit."""
    rows = generator.standard_normal((tasks, WIDTH))
    return rows[np.arange(tasks) // 2]


def one_zero_row(generator: np.random.Generator, tasks: int) -> Rows:
    """A task that has converged, or does not reach the shared layers."""
    rows = generator.standard_normal((tasks, WIDTH))
    rows[generator.integers(tasks)] = 0
    return rows


GRADIENTS = [
    nearly_opposed,
    nearly_opposed_equally_long,
    nearly_equal,
    nearly_zero,
    badly_scaled,
    duplicates,
    one_zero_row,
]


def lengths(rows: Rows) -> Rows:
    return np.asarray(np.linalg.norm(rows, axis=1))


def longest(rows: Rows) -> float:
    return float(lengths(rows).max())


def summed(rows: Rows) -> float:
    return float(lengths(rows).sum())


def mean(rows: Rows) -> float:
    return float(np.linalg.norm(rows.mean(axis=0)))


def sum_of_rows(rows: Rows) -> float:
    return float(np.linalg.norm(rows.sum(axis=0)))


BOUNDS: dict[str, Bound] = {
    # The losses' plain sum: weights of 1, and under Manual without weights, DWA (two epochs) and the learned factors
    # exp(0) of IMTL-L and Uncertainty (regression: 1/2) at the start, too.
    "equal": lambda steps: sum_of_rows(steps[-1]),
    "manual": lambda steps: sum_of_rows(steps[-1]),
    "dwa": lambda steps: sum_of_rows(steps[-1]),
    "imtl_l": lambda steps: sum_of_rows(steps[-1]),
    "uncertainty": lambda steps: sum_of_rows(steps[-1]) / 2,
    # log(L)' = 1/L of equal losses in the warm-up, so the sum.
    "stch": lambda steps: sum_of_rows(steps[-1]) / LOSS,
    # GM/(K·L) of equal losses is 1/K, so the mean.
    "geometric_mean": lambda steps: mean(steps[-1]),
    # Weights of at least 0 that add up to 1: a point of the convex hull.
    "random": lambda steps: longest(steps[-1]),
    "famo": lambda steps: longest(steps[-1]),
    "sdmgrad": lambda steps: longest(steps[-1]),
    "modo": lambda steps: longest(steps[-1]),
    # Weights of at least 0 that add up to K.
    "gradnorm": lambda steps: len(steps[-1]) * longest(steps[-1]),
    "excess_mtl": lambda steps: len(steps[-1]) * longest(steps[-1]),
    # A projection makes no gradient longer (Yu et al. 2020, algorithm 1); the copies are summed.
    "pcgrad": lambda steps: summed(steps[-1]),
    # No entry is larger than the sum of all tasks' entries (Chen et al. 2020, equation 2).
    "graddrop": lambda steps: float(np.linalg.norm(np.abs(steps[-1]).sum(axis=0))),
    # Here no copy is longer than all gradients together; the paper has no bound.
    "gradvac": lambda steps: len(steps[-1]) * summed(steps[-1]),
    # No point of the convex hull that is shorter: at most the shortest row (Sener & Koltun 2018, equation 4); by
    # default of rows of length one, a zero row staying zero.
    "mgda": lambda steps: min(1.0, math.inf if lengths(steps[-1]).all() else 0.0),
    # abs(d - g_0) <= c·abs(g_0) (Liu et al. 2021, equation 1), c = 1/2.
    "cagrad": lambda steps: 1.5 * mean(steps[-1]),
    # A point of the affine hull, held here to the length of the hull's longest row.
    "imtl_g": lambda steps: longest(steps[-1]),
    "imtl": lambda steps: longest(steps[-1]),
    # d'd = a'Ga = K (Navon et al. 2022, claim 3.1), shortened to the longest step of 1.
    "nash_mtl": lambda _: 1.0,
    # d'd = w'Gw = sum of w·w^(-1/alpha) = K for alpha = 1 (Ban & Ji 2024, equation 6).
    "fairgrad": lambda steps: math.sqrt(len(steps[-1])),
    # d'd = smallest eigenvalue·abs(w)², w = 1/K: at most the mean of the squared lengths (Senushkin et al. 2023,
    # equation 10), and below the longest row where rows depend on each other.
    "aligned_mtl": lambda steps: float(np.sqrt((lengths(steps[-1]) ** 2).mean())),
    # d = (sum of g·u)·u with a unit vector u (Liu et al. 2025, equation 3).
    "config": lambda steps: sum_of_rows(steps[-1]),
    # A projection makes no gradient longer; UPGrad takes the mean of them, DualProj the mean's (Quinton & Rey 2024).
    "upgrad": lambda steps: summed(steps[-1]) / len(steps[-1]),
    "dualproj": lambda steps: mean(steps[-1]),
    # Convex combinations of running means of abs(L)·g/abs(g) (Fernando et al. 2023, authors' scaling).
    "moco": lambda _: LOSS,
    # The running means of g/L, all brought to the length of the longest, summed (Lin et al. 2023, equation 4).
    "db_mtl": lambda steps: len(steps[-1]) * max(longest(rows) for rows in steps) / LOSS,
}
SPECS = [member() for member in members(WeightingSpec)]
CASES: list[tuple[Any, Bound]] = [
    *((spec, BOUNDS[spec.kind]) for spec in SPECS),
    (MgdaWeighting(normalization="none"), lambda steps: float(lengths(steps[-1]).min())),
    (NashMtlWeighting(max_norm=0.0), lambda steps: math.sqrt(len(steps[-1]))),
]


def test_every_method_has_a_bound() -> None:
    assert set(BOUNDS) == {kind_of(member) for member in members(WeightingSpec)}


def check(spec: Any, bound: Bound, make: Callable[..., Rows], tasks: int, seed: int) -> None:
    """Some steps of one method on gradients of one kind."""
    generator = np.random.default_rng(seed)
    torch.manual_seed(seed)
    weighting = build_weighting(spec, [(f"t{task}", "regression") for task in range(tasks)])
    steps: list[Rows] = []
    for _ in range(STEPS):
        jacobian = torch.from_numpy(make(generator, tasks)).float()
        steps.append(jacobian.double().numpy())
        model = Linear(jacobian)
        weighting.backward(model.losses([LOSS] * tasks), model)
        weighting.observe(torch.full((tasks,), LOSS))
        assert model.shared.grad is not None
        assert weighting.weights().isfinite().all()
        length = float(model.shared.grad.double().norm())
        # A length from inner products in float64 is known to 1e-3 where rows cancel to 1e-7, which is float32's own.
        assert length <= bound(steps) * (1 + 1e-3) + 1e-7 * longest(steps[-1])


@pytest.mark.parametrize("tasks", [2, 3, 8, 40])
@pytest.mark.parametrize("make", GRADIENTS, ids=lambda make: make.__name__)
@pytest.mark.parametrize(("spec", "bound"), CASES, ids=lambda value: getattr(value, "kind", ""))
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=2, derandomize=True, deadline=None)
def test_a_step_is_no_longer_than_the_method_allows(
    spec: Any, bound: Bound, make: Callable[..., Rows], tasks: int, seed: int
) -> None:
    check(spec, bound, make, tasks, seed)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=50, derandomize=True, deadline=None)
def test_the_weights_of_two_opposed_tasks_are_the_shares_of_the_other_ones_length(seed: int) -> None:
    generator = np.random.default_rng(seed)
    row = torch.from_numpy(generator.standard_normal(WIDTH)).float()
    near, far = 10 ** generator.uniform(-2, 2, 2)
    jacobian = torch.stack([float(near) * row, -float(far) * row])
    weighting = build_weighting(ImtlGWeighting(), [("left", "regression"), ("right", "regression")])
    model = Linear(jacobian)
    weighting.backward(model.losses(), model)
    first, second = lengths(jacobian.double().numpy())
    wanted = [second / (first + second), first / (first + second)]
    assert weighting.weights().tolist() == pytest.approx(wanted, rel=1e-6)
    assert model.shared.grad is not None
    assert float(model.shared.grad.norm()) <= 1e-6 * max(first, second)


@pytest.mark.parametrize("tasks", [2, 3, 8, 40])
def test_gradvac_stays_bounded_where_tasks_that_always_agreed_part(tasks: int) -> None:
    generator = np.random.default_rng(0)
    weighting = build_weighting(GradVacWeighting(), [(f"t{task}", "regression") for task in range(tasks)])
    torch.manual_seed(0)
    for turn in range(60):
        rows = nearly_equal(generator, tasks) if turn < 59 else generator.standard_normal((tasks, WIDTH))
        model = Linear(torch.from_numpy(rows).float())
        weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    assert float(model.shared.grad.norm()) <= BOUNDS["gradvac"]([rows])


def test_excess_mtl_stays_finite_where_the_task_that_weighed_nothing_leads() -> None:
    weighting = build_weighting(ExcessMtlWeighting(lr=1.0), [("left", "regression"), ("right", "regression")])
    for left, right in ((1e-6, 1e-6), (1e6, 1e-6), (1e-6, 1e6), (1e-6, 1e6)):
        model = Linear(torch.tensor([[left, 0.0], [0.0, right]]))
        weighting.backward(model.losses(), model)
        assert weighting.weights().isfinite().all()
        assert float(weighting.weights().sum()) == pytest.approx(2)

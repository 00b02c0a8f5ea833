"""Properties that the papers claim of the combined gradients, on random gradients.

Covers: mtl_core/weighting/wrappers/normalization.py.
"""

from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchjd.aggregation import PCGradWeighting

from mtl_core.spec.weighting import MgdaWeighting, PcGradWeighting
from mtl_core.weighting import build_weighting
from mtl_core.weighting.gradients.products import gramian
from mtl_core.weighting.methods.pcgrad import pcgrad_rule
from mtl_core.weighting.solvers.min_norm import min_norm_weights
from tests.weighting.cases import Linear, jacobians


def mgda(jacobian: Tensor, normalization: str = "none", losses: list[float] | None = None) -> Tensor:
    spec = MgdaWeighting.model_validate({"normalization": normalization})
    tasks = [(str(task), "regression") for task in range(len(jacobian))]
    model, weighting = Linear(jacobian), build_weighting(spec, tasks, dtype=torch.float64)
    weighting.backward(model.losses(losses), model)
    assert model.shared.grad is not None
    return model.shared.grad


def pcgrad(jacobian: Tensor) -> Tensor:
    tasks = [(str(task), "regression") for task in range(len(jacobian))]
    model, weighting = Linear(jacobian), build_weighting(PcGradWeighting(), tasks, dtype=torch.float64)
    weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    return model.shared.grad


def tolerance(jacobian: Tensor) -> float:
    return 1e-6 * float(jacobian.norm(dim=1).max())


@given(jacobians())
@settings(max_examples=150, deadline=None)
def test_the_min_norm_point_is_optimal(jacobian: Tensor) -> None:
    weights = torch.from_numpy(min_norm_weights(gramian(jacobian).numpy()))
    assert (weights >= 0).all()
    assert float(weights.sum()) == pytest.approx(1)
    direction = weights @ jacobian
    # The distance to the optimum is at most the square root of this gap.
    gap = float(direction @ direction - (jacobian @ direction).min())
    assert max(gap, 0) ** 0.5 <= tolerance(jacobian)


@pytest.mark.parametrize("difference", [1e-6, 1e-8, 1e-10])
def test_the_min_norm_point_of_almost_equal_rows_is_the_shortest(difference: float) -> None:
    generator = torch.Generator().manual_seed(0)
    for _ in range(100):
        row, noise = torch.randn(2, 3, generator=generator, dtype=torch.float64)
        jacobian = row[:1] * (1 + difference * noise[:, None])
        weights = torch.from_numpy(min_norm_weights(gramian(jacobian).numpy()))
        shortest = float(jacobian.abs().min())
        assert float((weights @ jacobian).abs()) == pytest.approx(shortest, rel=1e-15)


@given(jacobians())
@settings(max_examples=50, deadline=None)
def test_mgda_never_works_against_a_task(jacobian: Tensor) -> None:
    direction = mgda(jacobian)
    assert float((jacobian @ direction).min()) >= -tolerance(jacobian) * float(jacobian.norm(dim=1).max()) * 1e-3


@given(jacobians(), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_mgda_does_not_care_in_which_order_the_tasks_come(jacobian: Tensor, shuffler: Random) -> None:
    order = list(range(len(jacobian)))
    shuffler.shuffle(order)
    torch.testing.assert_close(mgda(jacobian), mgda(jacobian[order]), rtol=0, atol=10 * tolerance(jacobian))


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e30])
def test_mgda_scales_with_the_gradients(scale: float) -> None:
    jacobian = torch.randn(4, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(mgda(scale * jacobian), scale * mgda(jacobian))


def test_mgda_on_unit_gradients_ignores_each_tasks_scale() -> None:
    jacobian = torch.randn(4, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    scales = torch.tensor([[1e-3], [1.0], [50.0], [1e4]], dtype=torch.float64)
    torch.testing.assert_close(mgda(jacobian, "l2"), mgda(scales * jacobian, "l2"))


def test_mgda_divides_by_the_size_of_a_loss_and_by_one_if_it_is_zero() -> None:
    jacobian = torch.randn(3, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    divided = jacobian / torch.tensor([[2.0], [4.0], [1.0]], dtype=torch.float64)
    torch.testing.assert_close(mgda(jacobian, "loss", [2.0, -4.0, 0.0]), mgda(divided))


def test_mgda_stands_still_at_a_pareto_stationary_point() -> None:
    jacobian = torch.tensor([[1.0, 0.0], [-0.5, 1.0], [-0.5, -3.0]], dtype=torch.float64)
    assert mgda(jacobian).abs().max() <= 1e-12
    assert torch.equal(mgda(torch.stack([jacobian[0], -jacobian[0]])), torch.zeros(2, dtype=torch.float64))
    assert torch.equal(
        mgda(torch.stack([jacobian[0], 0 * jacobian[0], jacobian[2]])), torch.zeros(2, dtype=torch.float64)
    )


@pytest.mark.parametrize("tasks", [1, 2, 3, 9])
def test_identical_gradients_are_left_as_they_are_by_mgda_and_summed_by_pcgrad(tasks: int) -> None:
    row = torch.tensor([0.3, -2.0, 5.0], dtype=torch.float64)
    torch.testing.assert_close(mgda(row.expand(tasks, 3).clone()), row)
    torch.testing.assert_close(pcgrad(row.expand(tasks, 3).clone()), tasks * row)


def test_pcgrad_without_conflict_is_the_sum() -> None:
    jacobian = torch.rand(5, 20, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(pcgrad(jacobian), jacobian.sum(0))


@given(jacobians(), st.integers(0, 2**31))
@settings(max_examples=60, deadline=None)
def test_pcgrad_draws_and_projects_as_torchjd_does(jacobian: Tensor, seed: int) -> None:
    products = jacobian @ jacobian.T
    torch.manual_seed(seed)
    wanted = PCGradWeighting()(products)
    after = torch.get_rng_state()
    torch.manual_seed(seed)
    weights, _ = pcgrad_rule(products.numpy(), torch.ones(len(jacobian)))
    assert torch.equal(torch.get_rng_state(), after)
    found = torch.from_numpy(weights)
    torch.testing.assert_close(found @ jacobian, wanted @ jacobian, rtol=1e-6, atol=tolerance(jacobian))


@given(jacobians().map(lambda jacobian: jacobian[:2]), st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_pcgrad_of_two_tasks_works_against_neither(jacobian: Tensor, seed: int) -> None:
    torch.manual_seed(seed)
    direction = pcgrad(jacobian)
    norms = jacobian.norm(dim=1)
    assert (jacobian @ direction >= -1e-9 * norms * norms.max()).all()


def test_pcgrad_depends_on_the_seed_alone() -> None:
    jacobian = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.manual_seed(11)
    first, second = pcgrad(jacobian), pcgrad(jacobian)
    torch.manual_seed(11)
    assert torch.equal(pcgrad(jacobian), first)
    assert not torch.equal(first, second)


def test_the_gramian_of_a_wide_float32_jacobian_is_taken_in_float64() -> None:
    jacobian = torch.randn(3, 600_000, generator=torch.Generator().manual_seed(4))
    wanted = jacobian.double() @ jacobian.double().T
    torch.testing.assert_close(gramian(jacobian), wanted, rtol=1e-12, atol=1e-9)

"""Stateful methods: compared with TorchJD step by step, and their saved state.

Covers: mtl_core/weighting/gradients/tracking.py, mtl_core/weighting/gradients/double_sampling.py.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchjd.aggregation import GradVacWeighting as TorchGradVac
from torchjd.aggregation import MoDoWeighting as TorchMoDo
from torchjd.aggregation import SDMGradWeighting as TorchSdmGrad

from mtl_core.errors import StoreError
from mtl_core.spec.weighting import (
    EqualWeighting,
    FamoWeighting,
    GradVacWeighting,
    MoCoWeighting,
    MoDoWeighting,
    NashMtlWeighting,
    SdmGradWeighting,
    StchWeighting,
)
from mtl_core.weighting import ManualOverride
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from tests.weighting.cases import Linear, build, direction_of, jacobians, tensor


def parts(seed: int, tasks: int = 3) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    common = torch.randn(tasks, 12, dtype=torch.float64, generator=generator)
    return [common + 0.3 * torch.randn(tasks, 12, dtype=torch.float64, generator=generator) for _ in range(3)]


@pytest.mark.parametrize("preference", [{}, {"t0": 3.0}])
def test_sdmgrad_weighs_as_torchjd_does(preference: dict[str, float]) -> None:
    target = tensor([preference.get(f"t{task}", 1.0) for task in range(3)])
    theirs = TorchSdmGrad(pref_vector=target / target.sum())
    weighting = build(SdmGradWeighting(preference=preference), 3)
    assert isinstance(weighting, GradientAggregation)
    assert weighting.aggregator.batch_parts == 3
    for seed in range(5):
        first, second, third = parts(seed)
        wanted = theirs(first @ second.T)
        direction, weights = weighting.aggregator.combine_parts([first, second, third], torch.ones(3).double())
        torch.testing.assert_close(weights, wanted, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(direction, weights @ third)


def test_modo_weighs_as_torchjd_does() -> None:
    theirs, weighting = TorchMoDo(gamma=0.05, rho=0.1), build(MoDoWeighting(gamma=0.05, rho=0.1), 3)
    assert isinstance(weighting, GradientAggregation)
    for seed in range(5):
        first, second, third = parts(seed)
        wanted = theirs(first @ second.T)
        direction, weights = weighting.aggregator.combine_parts([first, second, third], torch.ones(3).double())
        torch.testing.assert_close(weights, wanted)
        torch.testing.assert_close(direction, weights @ third)


@given(jacobians(), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_gradvac_draws_and_bends_as_torchjd_does(jacobian: Tensor, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    jacobian = torch.randn(len(jacobian), 20, dtype=torch.float64, generator=generator)
    theirs, weighting = TorchGradVac(beta=0.3), build(GradVacWeighting(beta=0.3), len(jacobian))
    for step in range(3):
        rows = jacobian + 0.2 * step * torch.randn(jacobian.shape, dtype=torch.float64, generator=generator)
        torch.manual_seed(seed)
        wanted = theirs(rows @ rows.T)
        torch.manual_seed(seed)
        direction_of(weighting, rows)
        torch.testing.assert_close(weighting.weights(), wanted, rtol=1e-6, atol=1e-6)


def test_what_is_tracked_starts_anew_when_parameters_are_freed() -> None:
    weighting = build(MoCoWeighting(), 2)
    direction_of(weighting, torch.ones(2, 3, dtype=torch.float64))
    assert direction_of(weighting, torch.ones(2, 5, dtype=torch.float64)).shape == (5,)


@pytest.mark.parametrize("found", [{}, {"tracked": torch.zeros(3, 4)}, {"tracked": torch.zeros(2)}])
def test_tracked_gradients_of_other_tasks_are_refused(found: dict[str, Tensor]) -> None:
    weighting = build(MoCoWeighting(), 2)
    state = {name: value for name, value in weighting.state_dict().items() if name != "tracked"}
    with pytest.raises(StoreError, match=r"tracked of 2 tasks"):
        weighting.load_state_dict({**state, **found})


def test_nash_mtl_bargains_at_once_for_a_task_that_comes_late() -> None:
    weighting, jacobian = build(NashMtlWeighting(update_every=100), 2), torch.eye(2, dtype=torch.float64)
    model = Linear(jacobian)
    weighting.backward(model.losses(), model, present=(True, False))
    assert weighting.weights().tolist() == [1, 0]
    assert direction_of(weighting, jacobian).tolist() == pytest.approx([0.5**0.5] * 2)


def test_famo_stands_still_while_weights_are_set_by_hand() -> None:
    weighting = ManualOverride(build(FamoWeighting(), 2), ["t0", "t1"])
    assert weighting.needs_losses_after_step
    weighting.set_override({"t0": 2.0})
    assert not weighting.needs_losses_after_step
    direction_of(weighting, torch.eye(2, dtype=torch.float64))
    weighting.observe(tensor([0.1, 0.9]))
    assert not weighting.state_dict()["logits"].any()


def test_famo_learns_nothing_from_losses_that_are_not_finite() -> None:
    weighting = build(FamoWeighting(), 2)
    direction_of(weighting, torch.eye(2, dtype=torch.float64))
    weighting.observe(tensor([0.1, float("nan")]))
    assert not weighting.state_dict()["logits"].any()


def test_famo_gives_more_to_the_task_that_fell_less() -> None:
    weighting = build(FamoWeighting(), 2)
    direction_of(weighting, torch.eye(2, dtype=torch.float64))
    weighting.observe(tensor([0.5, 0.9]))
    left, right = weighting.state_dict()["logits"].tolist()
    assert left < right


def test_stch_weighs_by_the_preference() -> None:
    weighting = build(StchWeighting(preference={"t0": 3.0}), 2)
    direction = direction_of(weighting, torch.eye(2, dtype=torch.float64), [2.0, 4.0])
    assert direction.tolist() == pytest.approx([1.5, 0.25])


def test_losses_divided_by_their_running_size_start_at_one() -> None:
    weighting = build(EqualWeighting(normalize="scale"), 2)
    first = direction_of(weighting, torch.eye(2, dtype=torch.float64), [4.0, -0.5])
    assert first.tolist() == pytest.approx([0.25, 2.0])
    second = direction_of(weighting, torch.eye(2, dtype=torch.float64), [2.0, float("nan")])
    assert second.tolist() == pytest.approx([1 / (4 * 0.99 / 1.99 + 2 / 1.99), 2.0])


def test_a_loss_of_zero_has_no_logarithm_to_descend_and_breaks_nothing() -> None:
    weighting = build(EqualWeighting(normalize="log"), 2)
    assert direction_of(weighting, torch.eye(2, dtype=torch.float64), [-3.0, 2.0]).tolist() == pytest.approx([0, 0.5])

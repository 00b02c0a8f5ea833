"""Properties that the papers claim of the combined gradients, and identities between methods."""

from random import Random
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mtl_core.spec.weighting import (
    AlignedMtlWeighting,
    CaGradWeighting,
    ConfigWeighting,
    DbMtlWeighting,
    DualProjWeighting,
    ExcessMtlWeighting,
    FairGradWeighting,
    GradVacWeighting,
    ImtlGWeighting,
    MgdaWeighting,
    MoCoWeighting,
    MoDoWeighting,
    NashMtlWeighting,
    PcGradWeighting,
    SdmGradWeighting,
    UpGradWeighting,
)
from tests.weighting.cases import build, direction_of, jacobians

NASH = NashMtlWeighting(max_norm=0.0)
FAIR = FairGradWeighting(alpha=2.0)
UNIT = [ImtlGWeighting(), ConfigWeighting(), NASH]
HARMLESS = [
    MgdaWeighting(normalization="none"),
    UpGradWeighting(),
    DualProjWeighting(),
    NASH,
    FAIR,
    CaGradWeighting(c=1.5),
]
SMOOTH = [*HARMLESS, ImtlGWeighting(), ConfigWeighting(), AlignedMtlWeighting()]
DEGREES = [*((spec, 1.0) for spec in (*HARMLESS[:3], CaGradWeighting(), *SMOOTH[6:])), (NASH, 0.0), (FAIR, -1 / 3)]
TRACKING = [DbMtlWeighting(), MoCoWeighting(), ExcessMtlWeighting(), SdmGradWeighting(), MoDoWeighting()]
by_kind = {"ids": lambda value: getattr(value, "kind", "")}


def combined(spec: Any, jacobian: Tensor) -> Tensor:
    torch.manual_seed(0)
    return direction_of(build(spec, len(jacobian)), jacobian)


def plain(rows: int, width: int, seed: int = 5) -> Tensor:
    return torch.randn(rows, width, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def cosine(left: Tensor, right: Tensor) -> float:
    return float(torch.cosine_similarity(left, right, dim=0))


@pytest.mark.parametrize("spec", HARMLESS, **by_kind)
@given(jacobian=jacobians())
@settings(max_examples=40, deadline=None)
def test_the_direction_works_against_no_task(spec: Any, jacobian: Tensor) -> None:
    direction, lengths = combined(spec, jacobian), jacobian.norm(dim=1)
    assert direction.isfinite().all()
    # The step's size by that of the gradients; for those whose step grows near a stationary point by its own.
    size = torch.maximum(direction.norm(), lengths.max()) if spec.kind != "fairgrad" else direction.norm()
    assert (jacobian @ direction >= -1e-7 * lengths * size).all()


@pytest.mark.parametrize("spec", SMOOTH, **by_kind)
@given(jacobian=jacobians(), shuffler=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_the_order_of_the_tasks_does_not_matter(spec: Any, jacobian: Tensor, shuffler: Random) -> None:
    jacobian = plain(len(jacobian), len(jacobian) + 5, seed=shuffler.randrange(1000))
    order = list(range(len(jacobian)))
    shuffler.shuffle(order)
    torch.testing.assert_close(combined(spec, jacobian), combined(spec, jacobian[order]), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("spec", "degree"), DEGREES, **by_kind)
@pytest.mark.parametrize("scale", [1e-20, 1e-6, 1e6, 1e20])
def test_the_step_grows_with_the_gradients_by_its_degree(spec: Any, degree: float, scale: float) -> None:
    jacobian = plain(4, 10)
    wanted = scale**degree * combined(spec, jacobian)
    torch.testing.assert_close(combined(spec, scale * jacobian), wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize("spec", UNIT, **by_kind)
def test_the_scale_of_one_task_does_not_turn_the_step(spec: Any) -> None:
    jacobian = plain(4, 10)
    scales = torch.tensor([[1e-4], [1.0], [50.0], [1e5]], dtype=torch.float64)
    assert cosine(combined(spec, jacobian), combined(spec, scales * jacobian)) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("spec", [*HARMLESS, MoCoWeighting()], **by_kind)
def test_at_a_stationary_point_the_step_is_zero(spec: Any) -> None:
    jacobian = torch.tensor([[1.0, 0.0], [-0.5, 1.0], [-0.5, -3.0]], dtype=torch.float64)
    if spec.kind != "moco":
        assert combined(spec, jacobian).abs().max() <= 1e-9
    weighting = build(spec, 2)
    for _ in range(20 if spec.kind == "moco" else 1):
        direction = direction_of(weighting, torch.stack([jacobian[0], -jacobian[0]]))
    assert direction.abs().max() <= 1e-6


@pytest.mark.parametrize("spec", [*SMOOTH, *TRACKING, GradVacWeighting()], **by_kind)
def test_a_zero_gradient_gives_a_finite_step(spec: Any) -> None:
    jacobian = plain(3, 6)
    jacobian[1] = 0
    weighting = build(spec, 3)
    for _ in range(3):
        assert direction_of(weighting, jacobian).isfinite().all()
        assert weighting.weights().isfinite().all()


def test_a_zero_gradient_does_not_hide_a_task_that_the_mean_works_against() -> None:
    jacobian = torch.tensor([[10.0, 0.0], [-0.1, 0.01], [0.0, 0.0]], dtype=torch.float64)
    direction = combined(CaGradWeighting(c=0.1), jacobian)
    centre = jacobian.mean(dim=0)
    assert direction.any()
    assert (direction - centre).norm() == pytest.approx(0.1 * float(centre.norm()))
    assert cosine(direction - centre, jacobian[1]) == pytest.approx(1)


@pytest.mark.parametrize("spec", SMOOTH, **by_kind)
@pytest.mark.parametrize("tasks", [1, 2, 5])
def test_identical_gradients_are_followed(spec: Any, tasks: int) -> None:
    row = torch.tensor([0.3, -2.0, 5.0], dtype=torch.float64)
    direction = combined(spec, row.expand(tasks, 3).clone())
    assert cosine(direction, row) == pytest.approx(1)


@given(jacobian=jacobians())
@settings(max_examples=40, deadline=None)
def test_two_tasks_meet_at_the_bisector(jacobian: Tensor) -> None:
    pair = jacobian[:2] / jacobian[:2].norm(dim=1, keepdim=True)
    if float((pair[0] + pair[1]).norm()) < 1e-3 or float((pair[0] - pair[1]).norm()) < 1e-3:
        return
    for spec in (*UNIT, FairGradWeighting(alpha=1.0)):
        assert abs(cosine(combined(spec, jacobian[:2]), pair[0] + pair[1])) == pytest.approx(1, abs=1e-8)


@given(jacobian=jacobians())
@settings(max_examples=30, deadline=None)
def test_of_two_tasks_pcgrad_is_twice_upgrad(jacobian: Tensor) -> None:
    pair = jacobian[:2]
    wanted = combined(PcGradWeighting(), pair)
    torch.testing.assert_close(2 * combined(UpGradWeighting(), pair), wanted, rtol=1e-7, atol=1e-7 * float(pair.norm()))


def test_without_conflict_projections_are_the_mean_and_gradvac_the_sum() -> None:
    jacobian = plain(5, 20).abs()
    for spec in (UpGradWeighting(), DualProjWeighting()):
        torch.testing.assert_close(combined(spec, jacobian), jacobian.mean(dim=0))
    torch.testing.assert_close(combined(GradVacWeighting(), jacobian), jacobian.sum(dim=0))


def test_between_the_sum_and_the_worst_off_task_lies_nash() -> None:
    jacobian = plain(4, 10)
    torch.testing.assert_close(combined(FairGradWeighting(alpha=1.0), jacobian), combined(NASH, jacobian))
    near_sum = combined(FairGradWeighting(alpha=0.01), jacobian / 3)
    assert cosine(near_sum, jacobian.sum(dim=0)) > 0.99
    gains = jacobian @ combined(FairGradWeighting(alpha=100.0), jacobian)
    assert float(gains.max() / gains.min()) < 1.2


def test_cagrad_goes_from_the_mean_to_mgda() -> None:
    jacobian = plain(3, 6)
    torch.testing.assert_close(combined(CaGradWeighting(c=0.0), jacobian), jacobian.mean(dim=0))
    far = combined(CaGradWeighting(c=1000.0), jacobian)
    assert cosine(far, combined(MgdaWeighting(normalization="none"), jacobian)) > 0.999


def test_the_impartial_step_has_equal_projections_and_config_equal_angles() -> None:
    jacobian = plain(4, 10)
    units = jacobian / jacobian.norm(dim=1, keepdim=True)
    for spec in (ImtlGWeighting(), ConfigWeighting()):
        projections = units @ combined(spec, jacobian)
        torch.testing.assert_close(projections, projections.mean().expand(4))


def test_aligned_gradients_are_orthogonal_and_equally_long() -> None:
    jacobian = plain(3, 8)
    columns = []
    for task in range(3):
        preference = {f"t{other}": float(other == task) for other in range(3)}
        columns.append(combined(AlignedMtlWeighting(preference=preference), jacobian))
    products = torch.stack(columns) @ torch.stack(columns).T
    torch.testing.assert_close(products, products[0, 0] * torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize(
    "kind", [UpGradWeighting, DualProjWeighting, AlignedMtlWeighting, ConfigWeighting, SdmGradWeighting], ids=str
)
def test_a_preference_draws_the_step_to_a_task(kind: Any) -> None:
    jacobian = torch.eye(3, dtype=torch.float64)
    equal = combined(kind(), jacobian)
    assert float(equal[1]) == pytest.approx(float(equal[0]))
    drawn = combined(kind(preference={"t1": 5.0}), jacobian)
    assert float(drawn[1]) > 1.5 * float(drawn[0])


def test_the_first_step_of_gradvac_is_that_of_pcgrad_on_two_tasks() -> None:
    jacobian = torch.tensor([[1.0, 0.0], [-0.5, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(combined(GradVacWeighting(), jacobian), combined(PcGradWeighting(), jacobian))

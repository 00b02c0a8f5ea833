"""Diagnostics of gradient conflict."""

import math

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec
from mtl_core.weighting import ForwardPass, detach_at_representation
from mtl_core.weighting.gradients.diagnostics import (
    GradientAgreement,
    agreement_series,
    compare_gradients,
    measure_agreement,
    parameter_blocks,
)
from tests.inputs import as_table

ROWS = torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0], [-1.0, 1.0, 0.0]], dtype=torch.float64)


def of(rows: Tensor) -> GradientAgreement:
    return compare_gradients(tuple(range(len(rows))), rows, {"first": 1, "rest": 2})


def test_lengths_cosines_and_similarities_are_those_of_geometry() -> None:
    found = of(ROWS)
    torch.testing.assert_close(found.norms, torch.tensor([3.0, 4.0, math.sqrt(2)], dtype=torch.float64))
    assert float(found.cosines[0, 1]) == 0
    assert float(found.cosines[0, 2]) == pytest.approx(-math.sqrt(0.5))
    assert float(found.cosines[1, 2]) == pytest.approx(math.sqrt(0.5))
    assert float(found.similarities[0, 1]) == pytest.approx(24 / 25)
    assert found.conflicts == pytest.approx(1 / 3)
    assert [float(norms[2]) for norms in found.blocks.values()] == pytest.approx([1.0, 1.0])


def test_orthogonal_gradients_of_any_length_have_condition_one() -> None:
    assert of(torch.diag(torch.tensor([1.0, 100.0, 1e-4], dtype=torch.float64))).condition == pytest.approx(1)


def test_dependent_gradients_have_an_endless_condition() -> None:
    assert of(torch.ones(2, 3, dtype=torch.float64)).condition > 1e7


def test_a_zero_gradient_has_no_angle() -> None:
    found = of(torch.tensor([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], dtype=torch.float64))
    assert math.isnan(float(found.cosines[0, 1]))
    assert math.isnan(found.condition)
    assert found.conflicts == 0


def test_one_task_has_nobody_to_agree_with() -> None:
    found = of(ROWS[:1])
    assert math.isnan(found.conflicts)
    assert found.condition == pytest.approx(1)


@pytest.fixture
def model() -> MultiTaskModel:
    torch.manual_seed(0)
    spec = ModelSpec.model_validate_json(
        '{"shared": [{"kind": "linear", "out_features": 5}, {"kind": "tanh"}, {"kind": "linear", "out_features": 4}]}'
    )
    return build_model(spec, {"table": (3,)}, {"a": 1, "b": 2}).double()


INPUTS = torch.randn(8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def losses(outputs: list[Tensor]) -> list[Tensor]:
    return [(output - 1).square().mean() for output in outputs]


def test_a_cut_pass_and_a_whole_one_agree_and_leave_no_gradient(model: MultiTaskModel) -> None:
    blocks = parameter_blocks(model, model.shared_parameters())
    assert list(blocks) == ["shared.0", "shared.2"]
    whole = measure_agreement(ForwardPass(losses(model(as_table(INPUTS)))), blocks)
    outputs, representation = detach_at_representation(model.features(as_table(INPUTS)), model.head, 2)
    through = measure_agreement(ForwardPass(losses(outputs), representation=representation), blocks)
    torch.testing.assert_close(whole.cosines, through.cosines)
    torch.testing.assert_close(whole.norms, through.norms)
    assert all(parameter.grad is None for parameter in model.parameters())
    torch.stack(losses(outputs)).sum().backward()  # the graph is still there


def test_a_task_without_labels_is_left_out(model: MultiTaskModel) -> None:
    found = measure_agreement(
        ForwardPass(losses(model(as_table(INPUTS))), (False, True)), parameter_blocks(model, model.shared_parameters())
    )
    assert found.tasks == (1,)
    values = agreement_series(found, ("a", "b"), "total")
    assert ("b", "gradient norm") in values
    assert ("a", "gradient norm") not in values
    assert ("b", "gradient norm shared.2") in values


def test_a_model_that_shares_nothing_has_nothing_to_compare() -> None:
    bare = build_model(ModelSpec(), {"table": (3,)}, {"a": 1, "b": 2})
    found = measure_agreement(
        ForwardPass(losses(bare(as_table(INPUTS.float())))), parameter_blocks(bare, bare.shared_parameters())
    )
    assert found.norms.tolist() == [0.0, 0.0]
    assert found.blocks == {}

"""Sluice networks: towers of two subspaces, and heads that read a mixture of stages."""

from typing import Any

import pytest
import torch

from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.architectures.sharing.sluice import SluiceModel, SluiceUnit
from mtl_core.spec import InputError, TargetInfo, set_at, spec_to_data
from mtl_core.spec.model import ModelSpec
from tests.architectures.schemes import IMAGE, OUTPUTS, ROW, TRUNKS, batch, built, outputs_of, spec_of
from tests.inputs import as_table

TARGETS = {name: TargetInfo(name=name, kind="regression", width=width) for name, width in OUTPUTS.items()}
APART = {"own": 1.0, "last": 1.0}


def sluice(trunk: str = "dense", **settings: Any) -> SluiceModel:
    model = built({"kind": "sluice", **settings}, trunk)
    assert isinstance(model, SluiceModel)
    return model


def equal_widths(*widths: int) -> SluiceModel:
    shared = [{"kind": "linear", "out_features": width} for width in widths]
    torch.manual_seed(0)
    model = build_model(spec_of("sluice", shared), {"table": ROW}, OUTPUTS)
    assert isinstance(model, SluiceModel)
    return model


@pytest.mark.parametrize("trunk", TRUNKS)
def test_with_nothing_taken_from_others_nor_from_earlier_stages_the_tasks_are_separate_models(trunk: str) -> None:
    model, separate, inputs = sluice(trunk, **APART).eval(), built("separate", trunk).eval(), batch(trunk)
    for one, other in zip(outputs_of(model, inputs), outputs_of(separate, inputs), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (6, 4, 3, 2)])
def test_each_subspace_becomes_a_mixture_of_all_tasks_subspaces(shape: tuple[int, ...]) -> None:
    streams, unit = [torch.randn(shape) for _ in range(3)], SluiceUnit(3, 0.9)
    with torch.no_grad():
        unit.alpha.copy_(torch.randn(6, 6))
    halves = [half for x in streams for half in (x[:, :2], x[:, 2:])]
    for i, mixed in enumerate(unit(streams)):
        for half, part in enumerate((mixed[:, :2], mixed[:, 2:])):
            wanted = sum(unit.alpha[2 * i + half, j] * x for j, x in enumerate(halves))
            torch.testing.assert_close(part, wanted)


def test_a_subspace_starts_with_nine_tenths_of_its_own() -> None:
    alpha = SluiceUnit(3, 0.9).alpha.detach()
    torch.testing.assert_close(alpha.diag(), torch.full((6,), 0.9))
    torch.testing.assert_close(alpha.sum(dim=1), torch.ones(6))
    assert alpha[0, 1] == alpha[0, 5] == pytest.approx(0.02)


def test_heads_read_a_mixture_of_the_stages_of_the_last_one_s_shape() -> None:
    model = equal_widths(4, 6, 4, 4)
    assert model.beta is not None
    torch.testing.assert_close(model.beta.detach(), torch.tensor([[0.05, 0.05, 0.9]] * 2))
    with torch.no_grad():
        model.beta.copy_(torch.randn(2, 3))
    levels = model.stage_outputs([batch()] * len(model.tasks))
    for task, features in enumerate(model.features(as_table(batch()))):
        stages = [levels[i][task] for i in (0, 2, 3)]
        torch.testing.assert_close(features, sum(beta * x for beta, x in zip(model.beta[task], stages, strict=True)))


def test_where_no_other_stage_has_the_last_one_s_shape_heads_read_the_last() -> None:
    model = equal_widths(4, 6)
    assert model.beta is None
    last_level = model.stage_outputs([batch()] * len(model.tasks))[-1]
    for features, last in zip(model.features(as_table(batch())), last_level, strict=True):
        assert torch.equal(features, last)


def test_the_penalty_is_the_squared_norm_of_the_products_of_the_two_subspaces_weights() -> None:
    model = sluice(orthogonality=0.7)
    weights = [p for name, p in model.named_parameters() if name.startswith("towers") and p.ndim == 2]
    assert len(weights) == 4
    halves = [(w[: len(w) // 2], w[len(w) // 2 :]) for w in weights]
    torch.testing.assert_close(model.penalty(), 0.7 * sum((a @ b.mT).norm() ** 2 for a, b in halves))


@pytest.mark.parametrize("trunk", ["dense", "convs"])
def test_the_penalty_is_zero_for_orthogonal_subspaces_only(trunk: str) -> None:
    model = sluice(trunk)
    penalty = model.penalty()
    assert penalty is not None
    assert penalty > 0
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.startswith("towers") and parameter.ndim > 1:
                flat = parameter.flatten(1)
                flat[: len(flat) // 2, ::2] = 0
                flat[len(flat) // 2 :, 1::2] = 0
    assert model.penalty() == 0


def test_without_strength_there_is_no_penalty() -> None:
    assert sluice(orthogonality=0.0).penalty() is None


def test_the_shares_are_recorded() -> None:
    learned = sluice(**APART).sharing_metrics()
    assert learned["left", "stitch 1 from left"] == 1
    assert learned["left", "stitch 2 from right"] == 0
    learned = equal_widths(4, 6, 4).sharing_metrics()
    assert learned["right", "share of stage 1"] == pytest.approx(0.1)
    assert learned["right", "share of stage 3"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("shared", "shape", "fix"),
    [
        ([{"kind": "linear", "out_features": 5}, {"kind": "relu"}], ROW, "Set the outputs to 6"),
        ([{"kind": "conv2d", "out_channels": 3}, {"kind": "batch_norm2d"}], IMAGE, "Set the filters to 4"),
        ([{"kind": "conv2d", "out_channels": 3}, {"kind": "global_avg_pool"}], IMAGE, "Set the filters to 4"),
    ],
)
def test_an_odd_number_of_channels_is_named_and_mended(
    shared: list[dict[str, Any]], shape: tuple[int, ...], fix: str
) -> None:
    spec = spec_of("sluice", shared)
    (problem,) = describe_model(spec, {"table": shape}, TARGETS).problems
    assert "two halves" in (problem.error or "")
    assert problem.path == "model.shared[0]"
    assert problem.fix is not None
    assert problem.fix.label == fix
    with pytest.raises(InputError, match="two halves"):
        build_model(spec, {"table": shape}, OUTPUTS)
    data = set_at({"model": spec_to_data(spec)}, problem.fix.path, problem.fix.value)
    mended = ModelSpec.model_validate(data["model"], strict=False)
    assert not describe_model(mended, {"table": shape}, TARGETS).problems


def test_what_cannot_be_widened_is_named_all_the_same() -> None:
    spec = spec_of("sluice", [{"kind": "tanh"}])
    (problem,) = describe_model(spec, {"table": ROW}, TARGETS).problems
    assert (problem.path, problem.fix) == ("model.shared[0]", None)


def test_a_model_of_several_schemes_differs_by_its_units_only() -> None:
    def trunk(model: MultiTaskModel) -> list[torch.Tensor]:
        return [p for name, p in model.named_parameters() if name.startswith(("towers", "heads"))]

    assert all(torch.equal(p, q) for p, q in zip(trunk(sluice()), trunk(built("separate")), strict=True))

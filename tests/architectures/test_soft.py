"""Soft parameter sharing: towers tied by a penalty."""

from itertools import combinations
from typing import Any

import pytest
import torch

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.components.blocks import Tower
from mtl_core.training.step.forward import PenaltyGradient
from tests.architectures.schemes import batch, built, outputs_of

THREE = {"left": 3, "right": 2, "third": 1}


def soft(**settings: Any) -> MultiTaskModel:
    return built({"kind": "soft", **settings}, "dense", outputs=THREE)


def trunks(model: MultiTaskModel) -> list[list[torch.Tensor]]:
    return [list(module.parameters()) for module in model.modules() if isinstance(module, Tower)]


def test_the_outputs_are_those_of_separate_models_with_the_same_weights() -> None:
    separate, inputs = built("separate", "convs").eval(), batch("convs")
    model = built({"kind": "soft"}, "convs").eval()
    for one, other in zip(outputs_of(model, inputs), outputs_of(separate, inputs), strict=True):
        assert torch.equal(one, other)


def test_without_strength_it_is_separate_models() -> None:
    assert soft(strength=0.0).penalty() is None


def test_the_l2_penalty_is_the_sum_of_squared_distances_of_all_pairs() -> None:
    model = soft(strength=0.3)
    wanted = sum(
        (a - b).square().sum() for one, other in combinations(trunks(model), 2) for a, b in zip(one, other, strict=True)
    )
    torch.testing.assert_close(model.penalty(), 0.3 * wanted)


def test_the_trace_norm_is_the_sum_of_the_singular_values_of_each_layer_s_stacked_copies() -> None:
    model = soft(tie="trace_norm", strength=0.3)
    stacked = [torch.stack([copy.detach().flatten() for copy in copies]) for copies in zip(*trunks(model), strict=True)]
    wanted = sum(torch.linalg.eigvalsh(s.double() @ s.double().mT).clamp(min=0).sqrt().sum() for s in stacked)
    penalty = model.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(0.3 * float(wanted), rel=1e-5)


def test_copies_that_are_equal_have_the_norm_of_one_times_the_root_of_their_number() -> None:
    model = soft(tie="trace_norm", strength=1.0)
    first, *others = trunks(model)
    with torch.no_grad():
        for other in others:
            for mine, theirs in zip(first, other, strict=True):
                theirs.copy_(mine)
    penalty = model.penalty()
    assert penalty is not None
    assert penalty.item() == pytest.approx(3**0.5 * sum(float(p.detach().norm()) for p in first), rel=1e-5)
    penalty.backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in first)
    assert soft(strength=1.0).sharing_metrics() != model.sharing_metrics()
    assert set(model.sharing_metrics().values()) == {0.0}


@pytest.mark.parametrize("tie", ["l2", "trace_norm"])
def test_following_the_penalty_alone_brings_the_trunks_together(tie: str) -> None:
    model = soft(tie=tie, strength=1.0)
    parameters = list(model.parameters())
    optimizer = torch.optim.SGD(parameters, lr=0.02)
    values = []
    for _ in range(150):
        optimizer.zero_grad()
        penalty = model.penalty()
        assert penalty is not None
        values.append(penalty.item())
        PenaltyGradient(penalty, parameters).add()
        optimizer.step()
    assert values[-1] < 0.05 * values[0]
    assert max(model.sharing_metrics().values()) < 0.1


def test_the_recorded_distances_are_those_of_the_trunks() -> None:
    model = soft()
    first, second, _ = ([*map(torch.Tensor.flatten, trunk)] for trunk in trunks(model))
    wanted = float((torch.cat(first) - torch.cat(second)).norm().detach())
    assert model.sharing_metrics()["left", "distance to right"] == pytest.approx(wanted)
    assert model.sharing_metrics()["right", "distance to left"] == pytest.approx(wanted)
    assert len(model.sharing_metrics()) == 6


@pytest.mark.parametrize("tie", ["l2", "trace_norm"])
def test_batch_norm_s_own_statistics_are_not_tied(tie: str) -> None:
    model = built({"kind": "soft", "tie": tie}, "convs")
    before = model.penalty()
    outputs_of(model, batch("convs"))
    assert torch.equal(model.penalty(), before)  # type: ignore[arg-type]

"""NDDR: the tasks' features concatenated and reduced to the width of each."""

from typing import Any

import pytest
import torch
from torch import nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.sharing.nddr import NddrUnit
from tests.architectures.schemes import CONVS, batch, built
from tests.inputs import as_table

SHAPES = [(4,), (4, 5), (4, 3, 2)]


def fused(trunk: str = "convs", **settings: Any) -> MultiTaskModel:
    return built({"kind": "nddr", **settings}, trunk)


@pytest.mark.parametrize("shape", SHAPES)
def test_with_nothing_taken_from_others_a_unit_is_relu(shape: tuple[int, ...]) -> None:
    unit = NddrUnit(("a", "b"), shape, own=1.0).eval()
    streams = [torch.randn(6, *shape) for _ in range(2)]
    for stream, output in zip(streams, unit(streams), strict=True):
        torch.testing.assert_close(output, torch.relu(stream), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_unit_starts_with_nine_tenths_of_its_own_channel_and_the_rest_of_the_others_same(
    shape: tuple[int, ...],
) -> None:
    unit = NddrUnit(("a", "b", "c"), shape, own=0.9).eval()
    streams = [torch.randn(6, *shape) for _ in range(3)]
    wanted = torch.relu(0.05 * streams[0] + 0.9 * streams[1] + 0.05 * streams[2])
    torch.testing.assert_close(unit(streams)[1], wanted, rtol=1e-4, atol=1e-5)


def test_a_unit_normalises_over_the_batch_after_it_has_reduced() -> None:
    unit = NddrUnit(("a", "b"), (4, 3, 2), own=0.9).train()
    before = [torch.randn(16, 4, 3, 2) * 7 + 3 for _ in range(2)]
    with torch.no_grad():
        for weight in unit.weights():
            nn.init.normal_(weight)
    reduced = torch.einsum("oi,nihw->nohw", unit.weights()[0][..., 0, 0], torch.cat(before, dim=1))
    mean, variance = reduced.mean(dim=(0, 2, 3), keepdim=True), reduced.var(dim=(0, 2, 3), keepdim=True, correction=0)
    wanted = torch.relu((reduced - mean) / (variance + 1e-5).sqrt())
    torch.testing.assert_close(unit(before)[0], wanted, rtol=1e-4, atol=1e-5)


def test_there_is_a_unit_behind_every_stage_before_positions_become_channels() -> None:
    units = [module for module in fused().modules() if isinstance(module, NddrUnit)]
    assert [tuple(unit.weights()[0].shape) for unit in units] == [(4, 8, 1, 1), (4, 8, 1, 1), (6, 12)]
    kinds = [layer["kind"] for layer in CONVS]
    assert kinds.index("flatten") < kinds.index("linear")


def test_a_model_of_one_task_reads_its_own_features_whole() -> None:
    unit = NddrUnit(("a",), (4,), own=0.9).eval()
    stream = torch.randn(3, 4)
    torch.testing.assert_close(unit([stream])[0], torch.relu(stream), rtol=1e-4, atol=1e-5)


def test_what_each_task_reads_of_each_is_recorded_as_shares_of_its_weights() -> None:
    learned = fused("dense").sharing_metrics()
    assert learned["left", "fusion 1 from right"] == pytest.approx(0.1)
    assert learned["right", "fusion 2 from right"] == pytest.approx(0.9)
    assert sum(value for (task, _), value in learned.items() if task == "left") == pytest.approx(2)


def test_every_loss_reaches_every_trunk() -> None:
    model = fused("dense")
    model(as_table(batch()))[0].square().sum().backward()
    towers = [p for name, p in model.named_parameters() if name.startswith("towers") and p.ndim == 2]
    assert towers
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in towers)

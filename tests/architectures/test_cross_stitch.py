"""Cross-stitch networks: towers that mix each other's features."""

from typing import Any

import pytest
import torch

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.sharing.cross_stitch import StitchUnit
from tests.architectures.schemes import TRUNKS, batch, built, number, outputs_of
from tests.inputs import as_table


def stitched(trunk: str = "convs", **settings: Any) -> MultiTaskModel:
    return built({"kind": "cross_stitch", **settings}, trunk)


def units(model: MultiTaskModel) -> list[StitchUnit]:
    return [module for module in model.modules() if isinstance(module, StitchUnit)]


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("training", [False, True])
def test_with_nothing_taken_from_others_the_tasks_are_separate_models(
    trunk: str, per_channel: bool, training: bool
) -> None:
    model = stitched(trunk, own=1.0, per_channel=per_channel).train(training)
    separate, inputs = built("separate", trunk).train(training), batch(trunk)
    if training:
        for one in (model, separate):
            one.apply(lambda module: module.eval() if isinstance(module, torch.nn.Dropout) else None)
    for one, other in zip(outputs_of(model, inputs), outputs_of(separate, inputs), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (6, 4, 3, 2)])
def test_a_unit_takes_a_share_of_each_task_s_features(shape: tuple[int, ...]) -> None:
    streams = [torch.randn(shape) for _ in range(3)]
    unit = StitchUnit(3, None, 0.8)
    for i, mixed in enumerate(unit(streams)):
        torch.testing.assert_close(mixed, sum((0.8 if i == j else 0.1) * x for j, x in enumerate(streams)))


@pytest.mark.parametrize("shape", [(6, 4), (6, 4, 5), (6, 4, 3, 2)])
def test_a_unit_may_take_a_share_of_each_channel_s_own(shape: tuple[int, ...]) -> None:
    streams = [torch.randn(shape) for _ in range(2)]
    unit = StitchUnit(2, 4, 0.9)
    with torch.no_grad():
        unit.alpha.copy_(torch.randn(2, 2, 4))
    for i, mixed in enumerate(unit(streams)):
        for channel in range(4):
            wanted = sum(unit.alpha[i, j, channel] * x[:, channel] for j, x in enumerate(streams))
            torch.testing.assert_close(mixed[:, channel], wanted)


def test_a_unit_starts_with_nine_tenths_of_its_own_and_the_rest_in_equal_parts() -> None:
    for size, channels in ((2, None), (3, 5)):
        alpha = StitchUnit(size, channels, 0.9).alpha.detach()
        torch.testing.assert_close(alpha.sum(dim=1), torch.ones_like(alpha.sum(dim=1)))
        assert alpha[0, 0].flatten()[0] == pytest.approx(0.9)
    assert StitchUnit(1, None, 0.9).alpha.item() == 1


def test_there_is_a_unit_behind_every_stage_and_its_numbers_are_shared() -> None:
    model = stitched(per_channel=True)
    assert [unit.alpha.numel() for unit in units(model)] == [4 * 4, 4 * 4, 4 * 6]
    shared = {id(p) for p in model.shared_parameters()}
    assert all(id(unit.alpha) in shared for unit in units(model))
    assert number(model.parameters()) == number(built("separate", "convs").parameters()) + 56


def test_every_loss_reaches_every_trunk() -> None:
    model = stitched("dense")
    model(as_table(batch()))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.shared_parameters() if p.ndim == 2)


@pytest.mark.parametrize("per_channel", [False, True])
def test_the_shares_are_recorded(per_channel: bool) -> None:
    model = stitched("dense", per_channel=per_channel)
    learned = model.sharing_metrics()
    assert len(learned) == 2 * 4
    assert learned["left", "stitch 1 from right"] == pytest.approx(0.1)
    assert learned["right", "stitch 2 from right"] == pytest.approx(0.9)

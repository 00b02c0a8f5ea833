"""The levels at which gradients are compared, and detaching at the shared representation.

Covers: mtl_core/weighting/autograd/shared_representation.py.
"""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import InputError, ModelSpec, spec_from_data
from mtl_core.spec.weighting import MgdaWeighting, MoDoWeighting, PcGradWeighting
from mtl_core.weighting import ForwardPass, Weighting, build_weighting, detach_at_representation
from mtl_core.weighting.gradients.aggregation import Aggregator, GradientAggregation
from tests.inputs import as_table
from tests.weighting.cases import TwoHeads

TASKS = [("a", "regression"), ("b", "regression"), ("c", "regression")]
every_spec = pytest.mark.parametrize("spec", [MgdaWeighting, PcGradWeighting], ids=lambda spec: spec.__name__)


@pytest.fixture
def model() -> MultiTaskModel:
    torch.manual_seed(0)
    spec = ModelSpec.model_validate_json(
        '{"shared": [{"kind": "linear", "out_features": 7}, {"kind": "tanh"}, {"kind": "linear", "out_features": 6}],'
        ' "heads": {"a": [{"kind": "linear", "out_features": 5}, {"kind": "tanh"}]}}'
    )
    return build_model(spec, {"table": (4,)}, {"a": 1, "b": 2, "c": 3}).double()


INPUTS = torch.randn(9, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def losses(outputs: list[Tensor]) -> list[Tensor]:
    return [(output - task).square().mean() for task, output in enumerate(outputs)]


def cut_pass(model: MultiTaskModel) -> ForwardPass:
    outputs, cut = detach_at_representation(model.features(as_table(INPUTS)), model.head, 3)
    return ForwardPass(losses(outputs), representation=cut)


def after(model: nn.Module, weighting: Weighting, one: ForwardPass) -> list[Tensor]:
    model.zero_grad()
    torch.manual_seed(3)
    weighting.backward_parts([one], model)  # type: ignore[arg-type]
    return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]


def built(spec: Any, **settings: Any) -> Weighting:
    return build_weighting(spec(**settings), TASKS, dtype=torch.float64)


@every_spec
def test_a_cut_pass_gives_the_same_gradients_as_a_whole_one(spec: Any, model: MultiTaskModel) -> None:
    whole = after(model, built(spec), ForwardPass(losses(model(as_table(INPUTS)))))
    cut = after(model, built(spec), cut_pass(model))
    for one, other in zip(whole, cut, strict=True):
        torch.testing.assert_close(one, other)


@every_spec
@pytest.mark.parametrize("level", ["last_layer", "representation"])
def test_heads_get_their_plain_gradient_at_every_level(spec: Any, level: str, model: MultiTaskModel) -> None:
    after(model, built(spec, level=level), cut_pass(model))
    found = [p.grad.clone() for task in "abc" for p in model.head_parameters(task) if p.grad is not None]
    wanted = [
        gradient
        for task, loss in zip("abc", losses(model(as_table(INPUTS))), strict=True)
        for gradient in torch.autograd.grad(loss, model.head_parameters(task), retain_graph=True)
    ]
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("level", ["last_layer", "representation"])
def test_weights_found_at_a_level_hold_for_all_shared_layers(level: Any, model: MultiTaskModel) -> None:
    weighting = built(MgdaWeighting, level=level, normalization="none")
    after(model, weighting, cut_pass(model))
    found = [p.grad.clone() for p in model.shared_parameters() if p.grad is not None]
    total = sum(w * loss for w, loss in zip(weighting.weights(), losses(model(as_table(INPUTS))), strict=True))
    assert isinstance(total, Tensor)
    for one, other in zip(found, torch.autograd.grad(total, model.shared_parameters()), strict=True):
        torch.testing.assert_close(one, other)


def test_the_last_layer_decides_by_its_own_gradients(model: MultiTaskModel) -> None:
    weighting = built(MgdaWeighting, level="last_layer", normalization="none")
    after(model, weighting, cut_pass(model))
    rows = [
        torch.cat([g.flatten() for g in torch.autograd.grad(loss, model.last_shared_parameters(), retain_graph=True)])
        for loss in losses(model(as_table(INPUTS)))
    ]
    shares = weighting.weights() @ torch.stack(rows)
    # the shortest convex combination: no row pulls further than the point itself
    assert all(float(row @ shares) >= float(shares @ shares) - 1e-12 for row in rows)


def test_a_task_without_labels_takes_no_part_at_any_level(model: MultiTaskModel) -> None:
    for level in ("parameters", "last_layer", "representation"):
        weighting = built(MgdaWeighting, level=level)
        one = cut_pass(model)
        after(model, weighting, ForwardPass(one.losses, (True, False, True), one.representation))
        assert float(weighting.weights()[1]) == 0
        assert all(p.grad is None for p in model.head_parameters("b"))


def test_a_frozen_trunk_still_trains_the_heads_of_a_cut_pass(model: MultiTaskModel) -> None:
    for parameter in model.shared_parameters():
        parameter.requires_grad_(False)
    for level in ("parameters", "last_layer", "representation"):
        after(model, built(MgdaWeighting, level=level), cut_pass(model))
        assert all(p.grad is not None for task in "abc" for p in model.head_parameters(task))


class _NoSum(Aggregator):
    def combine(self, jacobian: Tensor, losses: Tensor, rows: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        return jacobian.abs().amax(dim=0), torch.ones_like(losses)


def test_a_direction_that_is_no_weighted_sum_refuses_the_last_layer(model: MultiTaskModel) -> None:
    weighting = GradientAggregation(_NoSum(), torch.ones(3, dtype=torch.float64), "last_layer")
    with pytest.raises(InputError, match="no weighted sum"):
        after(model, weighting, cut_pass(model))


def test_the_level_is_part_of_the_spec() -> None:
    data = {
        "version": 1,
        "dataset": {"kind": "bundled", "name": "multidigits"},
        "tasks": [{"name": "left", "kind": "multiclass", "target": "left"}],
        "weighting": {"kind": "mgda", "level": "representation"},
    }
    spec = spec_from_data(data)
    assert isinstance(spec.weighting, MgdaWeighting)
    assert spec.weighting.level == "representation"


def test_shared_parameters_that_a_small_trunk_does_not_reach_count_as_zeros(model: MultiTaskModel) -> None:
    unreached = nn.Parameter(torch.ones(3, dtype=torch.float64))
    shared = [*model.shared_parameters(), unreached]
    model.shared_parameters = lambda: shared  # type: ignore[method-assign]
    whole = after(model, built(MgdaWeighting), ForwardPass(losses(model(as_table(INPUTS)))))
    cut = after(model, built(MgdaWeighting), cut_pass(model))
    for one, other in zip(whole, cut, strict=True):
        torch.testing.assert_close(one, other)
    assert unreached.grad is not None
    assert not unreached.grad.any()


def test_a_trunk_with_convolutions_is_gone_through_task_by_task() -> None:
    torch.manual_seed(0)
    spec = ModelSpec.model_validate_json(
        '{"shared": [{"kind": "conv2d", "out_channels": 2, "kernel_size": 3}, {"kind": "batch_norm2d"},'
        ' {"kind": "max_pool2d", "kernel_size": 2}, {"kind": "flatten"}]}'
    )
    model = build_model(spec, {"table": (1, 6, 6)}, {"a": 1, "b": 2, "c": 3}).double()
    images = torch.randn(4, 1, 6, 6, dtype=torch.float64)
    whole = after(model, built(MgdaWeighting), ForwardPass(losses(model(as_table(images)))))
    outputs, representation = detach_at_representation(model.features(as_table(images)), model.head, 3)
    for one, other in zip(
        whole,
        after(model, built(MgdaWeighting), ForwardPass(losses(outputs), representation=representation)),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("tasks", [2, 8])
@pytest.mark.parametrize("level", ["last_layer", "representation"])
def test_a_level_below_the_parameters_is_always_that_of_a_cut_pass(level: Any, tasks: int) -> None:
    pairs = [(f"t{task}", "regression") for task in range(tasks)]
    weighting = build_weighting(PcGradWeighting(level=level), pairs)
    assert weighting.detach_representation == "always"
    losses = [torch.ones((), requires_grad=True) * 1 for _ in pairs]
    with pytest.raises(RuntimeError, match="detached at the shared representation"):
        weighting.backward(losses, TwoHeads(tasks))


def test_few_tasks_are_served_by_whole_passes_and_many_by_one_that_is_cut() -> None:
    for tasks, cuts in ((2, "when_costly"), (4, "when_costly"), (5, "always")):
        pairs = [(f"t{task}", "regression") for task in range(tasks)]
        assert build_weighting(PcGradWeighting(), pairs).detach_representation == cuts
    assert build_weighting(MoDoWeighting(), TASKS[:2]).detach_representation == "always"  # of three parts of a batch


@pytest.mark.parametrize(
    ("shared", "shape"),
    [
        (
            [{"kind": "conv2d", "out_channels": 8}, {"kind": "relu"}, {"kind": "max_pool2d"}, {"kind": "flatten"}],
            (1, 8, 8),
        ),
        (
            [
                {"kind": "conv1d", "out_channels": 4},
                {"kind": "batch_norm1d"},
                {"kind": "gru", "hidden_size": 5},
                {"kind": "global_max_pool"},
            ],
            (3, 6),
        ),
    ],
)
def test_a_trunk_gone_through_task_by_task_is_cut_once_and_then_gone_through_whole_to_the_same_gradients(
    shared: Any, shape: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    names = [f"t{task}" for task in range(6)]
    layers = [*shared, {"kind": "linear", "out_features": 16}, {"kind": "relu"}]
    model = build_model(
        ModelSpec.model_validate({"shared": layers}, strict=False), {"table": shape}, dict.fromkeys(names, 1)
    )
    weighting = build_weighting(MgdaWeighting(), [(name, "regression") for name in names])
    inputs, found = torch.randn(32, *shape), []
    for cuts in ("always", "when_costly"):
        assert weighting.detach_representation == cuts
        if cuts == "always":
            outputs, cut = detach_at_representation(model.features(as_table(inputs)), model.head, len(names))
        else:
            outputs, cut = model(as_table(inputs)), None
        found.append(after(model, weighting, ForwardPass(losses(outputs), representation=cut)))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))

"""Properties of models under any sharing scheme.

Covers: mtl_core/architectures/sharing/, mtl_core/architectures/components/,
mtl_core/architectures/multi_task_model.py.
"""

import copy
from itertools import chain
from typing import Any

import pytest
import torch

from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from mtl_core.training.optimization.param_groups import named_shared_parameters
from mtl_core.training.step.forward import PenaltyGradient
from mtl_core.weighting import detach_at_representation
from tests.architectures.schemes import IMAGE, KINDS, OUTPUTS, TRUNKS, batch, built, number, outputs_of, spec_of
from tests.inputs import as_table

TARGETS = {
    "left": TargetInfo(name="left", kind="multiclass", classes=("a", "b", "c")),
    "right": TargetInfo(name="right", kind="regression", width=2, mean=(0.0, 0.0), std=(1.0, 1.0)),
}
every_scheme = pytest.mark.parametrize("kind", KINDS)
every_trunk = pytest.mark.parametrize("trunk", TRUNKS)


def losses(model: MultiTaskModel, inputs: torch.Tensor) -> list[torch.Tensor]:
    return [output.square().mean() for output in model(as_table(inputs))]


@every_scheme
@every_trunk
def test_a_model_is_built_as_it_was_described(kind: str, trunk: str) -> None:
    shared, shape = TRUNKS[trunk]
    info, model = describe_model(spec_of(kind, shared), {"table": shape}, TARGETS), built(kind, trunk)
    assert info.problems == ()
    assert len(info.shared) == len(shared)
    assert info.parameters == number(model.parameters())
    frozen = number(model.frozen_parameters())
    assert info.shared_parameters == number(model.shared_parameters()) + frozen
    assert info.trained_parameters == (info.parameters - frozen if frozen else None)
    assert [tuple(output.shape) for output in model(as_table(batch(trunk)))] == [(6, 3), (6, 2)]


@every_scheme
def test_a_scheme_says_whether_it_trains_anything_outside_the_tasks_own_parts(kind: str) -> None:
    model = built(kind)
    scheme = spec_of(kind, []).sharing
    is_trained = any(parameter.requires_grad for parameter in named_shared_parameters(model).values())
    assert is_trained == scheme.trains_trunk


@every_scheme
def test_describing_a_model_draws_no_random_number(kind: str) -> None:
    torch.manual_seed(0)
    describe_model(spec_of(kind, TRUNKS["convs"][0]), {"table": IMAGE}, TARGETS)
    drawn = torch.rand(3)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(3))


@every_scheme
@every_trunk
def test_every_parameter_is_shared_or_of_exactly_one_task(kind: str, trunk: str) -> None:
    model = built(kind, trunk)
    parts = [model.shared_parameters(), *(model.head_parameters(task) for task in model.tasks)]
    listed = [id(p) for p in chain.from_iterable(parts)]
    assert len(set(listed)) == len(listed)
    assert set(listed) <= {id(p) for p in model.parameters()}
    assert {id(p) for p in model.last_shared_parameters()} <= {id(p) for p in model.shared_parameters()}


@every_scheme
@every_trunk
def test_a_loss_reaches_no_other_task_s_own_parameters_and_some_loss_reaches_each(kind: str, trunk: str) -> None:
    model = built(kind, trunk)
    reached: set[int] = set()
    for task, loss in zip(model.tasks, losses(model, batch(trunk)), strict=True):
        model.zero_grad()
        loss.backward(retain_graph=True)
        mine = {id(p) for p in model.parameters() if p.grad is not None}
        others = {id(p) for other in model.tasks if other != task for p in model.head_parameters(other)}
        assert not mine & others
        reached |= mine
    listed = [model.shared_parameters(), *(model.head_parameters(task) for task in model.tasks)]
    assert reached >= {id(p) for p in chain.from_iterable(listed)}


@every_scheme
@every_trunk
def test_cutting_the_graph_at_the_features_gives_the_same_outputs_and_gradients(kind: str, trunk: str) -> None:
    model, inputs = built(kind, trunk).eval(), batch(trunk)
    whole = model(as_table(inputs))
    sum(output.square().sum() for output in whole).backward()
    wanted = {name: p.grad for name, p in model.named_parameters()}
    model.zero_grad()
    outputs, cut = detach_at_representation(model.features(as_table(inputs)), model.head, len(model.tasks))
    assert all(torch.equal(one, other) for one, other in zip(outputs, whole, strict=True))
    torch.autograd.backward([output.square().sum() for output in outputs])
    cut.backward(cut.weighted_sum(torch.ones(len(model.tasks)), range(len(model.tasks))))
    for name, parameter in model.named_parameters():
        assert (parameter.grad is None) == (wanted[name] is None), name
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name])


@every_scheme
def test_a_task_s_row_of_the_jacobian_is_the_gradient_of_its_loss_alone(kind: str) -> None:
    model, inputs = built(kind, "convs").eval(), batch("convs")
    shared = model.shared_parameters()
    alone = losses(model, inputs) if shared else []
    plain = [torch.autograd.grad(loss, shared, retain_graph=True, allow_unused=True) for loss in alone]
    outputs, cut = detach_at_representation(model.features(as_table(inputs)), model.head, len(model.tasks))
    torch.autograd.backward([output.square().mean() for output in outputs])
    for task, wanted in enumerate(plain):
        for one, other in zip(cut.shared_gradients(task, shared, retain_graph=True), wanted, strict=True):
            assert (one is None or not one.any()) == (other is None or not other.any())
            if one is not None and other is not None:
                torch.testing.assert_close(one, other)


@every_scheme
def test_all_that_a_model_knows_is_in_its_state(kind: str) -> None:
    model, other, inputs = built(kind, "convs"), built(kind, "convs", seed=1), batch("convs")
    outputs_of(model, inputs)
    other.load_state_dict(copy.deepcopy(model.state_dict()))
    for one, two in zip(outputs_of(model, inputs), outputs_of(other, inputs), strict=True):
        assert torch.equal(one, two)
    assert model.sharing_metrics() == other.sharing_metrics()


@every_scheme
def test_the_same_seed_gives_the_same_model(kind: str) -> None:
    first, again = built(kind, "convs").state_dict(), built(kind, "convs").state_dict()
    assert all(torch.equal(tensor, again[name]) for name, tensor in first.items())


@every_scheme
@pytest.mark.parametrize("outputs", [{"left": 3}, {"a": 1, "b": 2, "c": 3}, {"train": 2, "한": 1}], ids=str)
def test_any_number_of_tasks_of_any_name_will_do(kind: str, outputs: dict[str, int]) -> None:
    shared, shape = TRUNKS["convs"]
    spec = spec_of(kind, shared).model_copy(update={"heads": {}})
    model = build_model(spec, {"table": shape}, outputs)
    assert [output.shape[1] for output in model(as_table(batch("convs")))] == list(outputs.values())
    assert {task for task, _ in model.sharing_metrics()} <= set(outputs)
    penalty = model.penalty()
    assert penalty is None or penalty.isfinite()


@every_scheme
@every_trunk
def test_what_is_recorded_are_finite_numbers_of_the_tasks(kind: str, trunk: str) -> None:
    model = built(kind, trunk)
    for (task, name), value in model.sharing_metrics().items():
        assert task in model.tasks
        assert name
        assert isinstance(value, float)
        assert abs(value) < 1e6


@every_scheme
def test_a_model_trains_with_its_shared_half_frozen(kind: str) -> None:
    model, inputs = built(kind), batch()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    learning = model.head_parameters("left")[-1].requires_grad_()
    total = losses(model, inputs)[0]
    penalty = model.penalty()
    assert penalty is None or penalty.requires_grad
    if penalty is not None:
        PenaltyGradient(penalty, [learning]).add()
    total.backward()
    assert learning.grad is not None


@every_scheme
def test_a_fault_of_a_layer_is_found_under_any_scheme(kind: str) -> None:
    spec = spec_of(kind, [{"kind": "linear", "out_features": 4}, {"kind": "conv2d"}])
    assert [layer.path for layer in describe_model(spec, {"table": (5,)}, TARGETS).problems] == ["model.shared[1]"]
    with pytest.raises(InputError, match=r"model\.shared\[1\]"):
        build_model(spec, {"table": (5,)}, OUTPUTS)


@every_scheme
def test_a_model_too_large_for_its_scheme_is_refused_before_it_is_made(kind: str) -> None:
    shared: list[dict[str, Any]] = [{"kind": "linear", "out_features": 1_000_000}]
    info = describe_model(spec_of(kind, shared), {"table": (1200,)}, TARGETS)
    if kind in ("hard", "prompts", "prefixes", "lora"):
        assert not info.problems
        return
    (problem,) = info.problems
    assert problem.path == "model.shared[0]"
    assert "billion parameters" in (problem.error or "")
    with pytest.raises(InputError, match="billion parameters"):
        build_model(spec_of(kind, shared), {"table": (1200,)}, OUTPUTS)


def test_a_scheme_is_chosen_by_its_kind() -> None:
    with pytest.raises(ValueError, match="kind"):
        ModelSpec.model_validate({"sharing": {"kind": "magic"}})

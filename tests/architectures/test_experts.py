"""MMoE, CGC and PLE: their definitions, and where one equals another."""

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.architectures.planning.model_plan import plan_model
from mtl_core.architectures.planning.stages import split_levels
from tests.architectures.small import IMAGE, OUTPUTS, WIDE, built, rows, spec_of
from tests.inputs import as_table

HARD = {"kind": "hard"}


def assert_same(one: MultiTaskModel, other: MultiTaskModel, inputs: Tensor) -> None:
    for left, right in zip(one(as_table(inputs)), other(as_table(inputs)), strict=True):
        assert torch.equal(left, right)


def by_hand(model: Any, task: int, name: str, inputs: Tensor) -> Tensor:
    """One level, straight from the papers."""
    level = model.levels[0]
    experts = torch.stack([expert(inputs) for expert in [*level.own[task], *level.shared]], dim=1)
    gate = torch.softmax(inputs @ level.gates[task].linear.weight.T, dim=1)
    output: Tensor = model.heads[f"task_{name}"](torch.einsum("ne,ned->nd", gate, experts))
    return output


def test_one_expert_is_hard_sharing() -> None:
    assert_same(built({"kind": "mmoe", "experts": 1}), built(HARD), rows())
    for one, other in zip(
        built({"kind": "dselect_k", "experts": 1})(as_table(rows())), built(HARD)(as_table(rows())), strict=True
    ):
        torch.testing.assert_close(one, other)


def test_mmoe_is_the_gated_sum_of_experts() -> None:
    model = built({"kind": "mmoe", "experts": 3})
    for task, (name, output) in enumerate(zip(model.tasks, model(as_table(rows())), strict=True)):
        torch.testing.assert_close(output, by_hand(model, task, name, rows()))


def test_cgc_mixes_own_and_shared_experts() -> None:
    model = built({"kind": "cgc", "shared_experts": 2, "own_experts": 2})
    for task, (name, output) in enumerate(zip(model.tasks, model(as_table(rows())), strict=True)):
        torch.testing.assert_close(output, by_hand(model, task, name, rows()))


def test_cgc_without_own_experts_is_mmoe() -> None:
    cgc = built({"kind": "cgc", "shared_experts": 3, "own_experts": 0})
    assert_same(cgc, built({"kind": "mmoe", "experts": 3}), rows())


def test_ple_of_one_level_is_cgc() -> None:
    ple = built({"kind": "ple", "levels": 1, "shared_experts": 2, "own_experts": 2})
    assert_same(ple, built({"kind": "cgc", "shared_experts": 2, "own_experts": 2}), rows())


def test_ple_feeds_the_shared_experts_by_a_gate_over_all() -> None:
    model = built({"kind": "ple", "levels": 2, "shared_experts": 1, "own_experts": 1})
    first, last = model.levels
    inputs = rows()
    own, common = [expert[0](inputs) for expert in first.own], first.shared[0](inputs)
    weights = torch.softmax(inputs @ first.shared_gate.linear.weight.T, dim=1)
    fed = torch.einsum("ne,ned->nd", weights, torch.stack([*own, common], dim=1))
    torch.testing.assert_close(model.features(as_table(inputs))[-1], last.shared[0](fed))
    gate = torch.softmax(inputs @ first.gates[1].linear.weight.T, dim=1)
    reads = torch.einsum("ne,ned->nd", gate, torch.stack([own[1], common], dim=1))
    torch.testing.assert_close(model.features(as_table(inputs))[1], reads)
    assert last.shared_gate is None


@pytest.mark.parametrize("kind", ["mmoe", "cgc", "ple", "dselect_k"])
def test_gate_weights_add_up_to_one(kind: str) -> None:
    model = built({"kind": kind})
    model(as_table(rows()))
    learned = model.sharing_metrics()
    assert {task for task, _ in learned} == set(OUTPUTS)
    levels = 2 if kind == "ple" else 1
    for task in OUTPUTS:
        total = sum(value for (name, _), value in learned.items() if name == task)
        assert total == pytest.approx(levels)


def test_gate_usage_is_that_of_training_and_named_by_expert() -> None:
    model = built({"kind": "cgc", "shared_experts": 1, "own_experts": 1})
    assert model.sharing_metrics() == {}
    model(as_table(rows()))
    before = model.sharing_metrics()
    assert {name for _, name in before} == {"gate of own expert 1", "gate of shared expert 1"}
    model.eval()(as_table(10 * rows()))
    assert model.sharing_metrics() == before


def test_other_tasks_reach_neither_own_experts_nor_gate() -> None:
    model = built({"kind": "cgc", "shared_experts": 1, "own_experts": 2})
    model(as_table(rows()))[0].sum().backward()
    assert all(p.grad is not None for p in [*model.shared_parameters(), *model.head_parameters("a")])
    assert all(p.grad is None for task in "bc" for p in model.head_parameters(task))


@pytest.mark.parametrize("kind", ["mmoe", "cgc", "ple", "dselect_k"])
def test_experts_take_images(kind: str) -> None:
    model = built({"kind": kind}, IMAGE)
    assert [tuple(output.shape) for output in model(as_table(rows(5, 2, 6, 6)))] == [(5, 1), (5, 2), (5, 3)]


def test_a_trunk_is_cut_into_levels_of_nearly_equal_length() -> None:
    steps = plan_model(spec_of(HARD, [*WIDE, *WIDE, WIDE[0]]), {"table": (4,)}, OUTPUTS).shared
    assert [len(level) for level in split_levels(steps, 2)] == [6, 3]
    assert [len(level) for level in split_levels(steps, 5)] == [2, 2, 2, 2, 1]
    assert [len(level) for level in split_levels(steps, 9)] == [2, 2, 2, 2, 1]
    assert [step for level in split_levels(steps, 3) for step in level] == steps


def test_there_are_no_more_levels_than_stages() -> None:
    assert len(built({"kind": "ple", "levels": 9}).levels) == 2


@pytest.mark.parametrize("kind", ["mmoe", "cgc", "ple", "dselect_k", "branch", "adversarial"])
def test_without_shared_layers_the_tasks_read_the_input(kind: str) -> None:
    assert [tuple(output.shape) for output in built({"kind": kind}, [])(as_table(rows()))] == [(9, 1), (9, 2), (9, 3)]


@pytest.mark.parametrize("kind", ["ple", "branch"])
def test_layers_are_named_by_their_place_in_the_trunk(kind: str) -> None:
    named = {name for name, _ in built({"kind": kind}).named_parameters() if name.startswith(("levels.1", "stages.1"))}
    places = {name.split(".")[-2] for name in named if "gate" not in name}
    assert places == {"2"}

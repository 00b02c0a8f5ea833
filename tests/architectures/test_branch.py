"""Learned branching: a tree of stages."""

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.architectures.small import IMAGE, built, gradients, rows
from tests.inputs import as_table

TREE: dict[str, Any] = {"kind": "branch", "nodes": 2, "warmup": 0}


def decided(**settings: Any) -> Any:
    """Task a goes by node 0, b and c by node 1; in the last stage node 0 has parent 1, node 1 has parent 0."""
    model = built({**TREE, **settings})
    with torch.no_grad():
        model.choices[0].logits.copy_(torch.tensor([[-50.0, 50.0], [50.0, -50.0]]))
        for leaf, node in zip(model.leaves, (0, 1, 1), strict=True):
            leaf.logits[0, node] = 100.0
    return model


@pytest.mark.parametrize("training", [True, False])
def test_a_decided_model_is_a_fixed_tree(training: bool) -> None:
    model, inputs = decided().train(training), rows()
    first, last = model.stages
    for name, output, node in zip("abc", model(as_table(inputs)), (0, 1, 1), strict=True):
        by_hand = model.heads[f"task_{name}"](last[node](first[1 - node](inputs)))
        torch.testing.assert_close(output, by_hand)


def test_a_task_reaches_the_nodes_on_its_way_alone() -> None:
    model = decided()
    on_the_way = [*model.stages[0][1].parameters(), *model.stages[1][0].parameters()]
    beside = [*model.stages[0][0].parameters(), *model.stages[1][1].parameters()]
    output = model(as_table(rows()))[0].sum()
    assert all(g.any() for g in gradients(output, on_the_way))
    assert not any(g.any() for g in gradients(output, beside))


def test_a_draw_takes_one_parent_and_teaches_every_logit() -> None:
    torch.manual_seed(0)
    model = built(TREE)
    drawn = model.choices[0](torch.tensor(2.0), torch.tensor(False))
    assert sorted(drawn.detach().flatten().tolist()) == [0, 0, 1, 1]
    (drawn * torch.tensor([[1.0, 2.0], [3.0, 5.0]])).sum().backward()
    assert model.choices[0].logits.grad.all()


def test_draws_follow_the_probabilities() -> None:
    torch.manual_seed(0)
    choice = built(TREE).leaves[0]
    with torch.no_grad():
        choice.logits.copy_(torch.tensor([[0.8, 0.2]]).log())
        warm = torch.tensor(False)
        drawn = [choice(torch.tensor(1.0), warm)[0, 0].item() for _ in range(2000)]
    assert sum(drawn) / 2000 == pytest.approx(0.8, abs=0.03)


def test_until_the_warm_up_is_over_all_parents_have_an_equal_part() -> None:
    model, inputs = built({**TREE, "warmup": 2}), rows()
    first, last = model.stages
    mean = torch.stack([node(inputs) for node in first]).mean(dim=0)
    leaf = torch.stack([node(mean) for node in last]).mean(dim=0)
    for _ in range(2):
        model.begin_step()
        torch.testing.assert_close(model(as_table(inputs))[1], model.heads["task_b"](leaf))
    model.begin_step()
    outputs = {tuple(model(as_table(inputs))[1].flatten().tolist()) for _ in range(20)}
    assert len(outputs) == 4  # two leaves, each with one of two parents


def test_the_temperature_halves_and_stops_at_a_tenth() -> None:
    model = built({**TREE, "temperature": 4.0, "half_life": 10})

    def after(steps: int) -> Tensor:
        model.steps.fill_(steps)
        return model.temperature

    assert [after(steps).item() for steps in (0, 10, 20)] == [4.0, 2.0, 1.0]
    assert after(10_000).item() == pytest.approx(0.1)


def test_steps_are_counted_and_saved() -> None:
    model = built(TREE)
    model.begin_step()
    model(as_table(rows()))
    assert model.state_dict()["steps"].item() == 1


def test_what_is_learned_are_the_probabilities_of_a_task_s_way() -> None:
    model = decided()
    learned = model.sharing_metrics()
    assert learned["a", "stage 2, node 1"] == pytest.approx(1)
    assert learned["a", "stage 1, node 2"] == pytest.approx(1)
    assert learned["b", "stage 1, node 1"] == pytest.approx(1)
    for task in "abc":
        assert sum(value for (name, _), value in learned.items() if name == task) == pytest.approx(2)


def test_images_branch_too() -> None:
    assert [tuple(o.shape) for o in built(TREE, IMAGE)(as_table(rows(5, 2, 6, 6)))] == [(5, 1), (5, 2), (5, 3)]

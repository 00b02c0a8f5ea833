"""Weights that a person moves while a method trains."""

import pytest
import torch

from mtl_core.errors import StoreError
from mtl_core.spec import InputError
from mtl_core.spec.weighting import DwaWeighting, EqualWeighting
from mtl_core.weighting import MovableWeighting, build_weighting
from tests.weighting.cases import Linear

PAIRS = [("left", "regression"), ("right", "regression")]


def movable(spec: object = None) -> MovableWeighting:
    method = build_weighting(spec or EqualWeighting(), PAIRS, dtype=torch.float64)  # type: ignore[arg-type]
    return MovableWeighting(method, ["left", "right"])


def step(weighting: MovableWeighting) -> list[float]:
    model = Linear(torch.eye(2, dtype=torch.float64))
    weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    return model.shared.grad.tolist()


def test_moved_weights_hold_from_the_next_step_until_taken_back() -> None:
    weighting = movable()
    assert step(weighting) == [1, 1]
    weighting.move({"left": 3.0, "right": 0.5})
    assert step(weighting) == [3, 0.5]
    assert weighting.weights().tolist() == [3, 0.5]
    weighting.move(None)
    assert step(weighting) == [1, 1]


def test_the_method_hears_of_epochs_while_it_stands_still() -> None:
    moved, plain = movable(DwaWeighting()), movable(DwaWeighting())
    moved.move({"left": 5.0})
    for losses in ([1.0, 1.0], [0.2, 0.9]):
        for weighting in (moved, plain):
            weighting.epoch_end(torch.tensor(losses, dtype=torch.float64))
    assert step(moved) == [5, 1]
    moved.move(None)
    assert step(moved) == step(plain) != [1, 1]


def test_moved_weights_come_back_with_the_state() -> None:
    weighting, other = movable(DwaWeighting()), movable(DwaWeighting())
    weighting.move({"right": 4.0})
    other.load_state_dict(weighting.state_dict())
    assert step(other) == [1, 4]
    weighting.move(None)
    other.load_state_dict(weighting.state_dict())
    assert step(other) == [1, 1]


def test_a_weight_for_no_task_is_refused_and_changes_nothing() -> None:
    weighting = movable()
    with pytest.raises(InputError, match="left, right"):
        weighting.move({"middle": 1.0})
    assert step(weighting) == [1, 1]


def test_moved_weights_of_other_tasks_are_refused() -> None:
    state = movable().state_dict() | {"moved": torch.ones(3)}
    with pytest.raises(StoreError, match=r"checkpoint\.weighting"):
        movable().load_state_dict(state)

"""Loss weights that a user sets while a method trains.

Covers: mtl_core/weighting/wrappers/delegating.py.
"""

import pytest
import torch

from mtl_core.errors import StoreError
from mtl_core.spec import InputError
from mtl_core.spec.weighting import DwaWeighting, EqualWeighting
from mtl_core.weighting import ManualOverride, build_weighting
from tests.weighting.cases import Linear

PAIRS = [("left", "regression"), ("right", "regression")]


def overridable(spec: object = None) -> ManualOverride:
    method = build_weighting(spec or EqualWeighting(), PAIRS, dtype=torch.float64)  # type: ignore[arg-type]
    return ManualOverride(method, ["left", "right"])


def step(weighting: ManualOverride) -> list[float]:
    model = Linear(torch.eye(2, dtype=torch.float64))
    weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    return model.shared.grad.tolist()


def test_moved_weights_hold_from_the_next_step_until_taken_back() -> None:
    weighting = overridable()
    assert step(weighting) == [1, 1]
    weighting.set_override({"left": 3.0, "right": 0.5})
    assert step(weighting) == [3, 0.5]
    assert weighting.weights().tolist() == [3, 0.5]
    weighting.set_override(None)
    assert step(weighting) == [1, 1]


def test_the_method_hears_of_epochs_while_it_stands_still() -> None:
    overridden, plain = overridable(DwaWeighting()), overridable(DwaWeighting())
    overridden.set_override({"left": 5.0})
    for losses in ([1.0, 1.0], [0.2, 0.9]):
        for weighting in (overridden, plain):
            weighting.epoch_end(torch.tensor(losses, dtype=torch.float64))
    assert step(overridden) == [5, 1]
    overridden.set_override(None)
    assert step(overridden) == step(plain) != [1, 1]


def test_moved_weights_come_back_with_the_state() -> None:
    weighting, other = overridable(DwaWeighting()), overridable(DwaWeighting())
    weighting.set_override({"right": 4.0})
    other.load_state_dict(weighting.state_dict())
    assert step(other) == [1, 4]
    weighting.set_override(None)
    other.load_state_dict(weighting.state_dict())
    assert step(other) == [1, 1]


def test_a_weight_for_no_task_is_refused_and_changes_nothing() -> None:
    weighting = overridable()
    with pytest.raises(InputError, match="left, right"):
        weighting.set_override({"middle": 1.0})
    assert step(weighting) == [1, 1]


def test_moved_weights_of_other_tasks_are_refused() -> None:
    state = overridable().state_dict() | {"moved": torch.ones(3)}
    with pytest.raises(StoreError, match=r"checkpoint\.weighting"):
        overridable().load_state_dict(state)

"""DSelect-k: a gate that selects a few experts smoothly."""

import math

import pytest
import torch

from mtl_core.architectures.components.gates import DselectKGate, smooth_step
from tests.architectures.small import built, rows
from tests.inputs import as_table


def gate(experts: int = 8, *, selected: int = 2, gamma: float = 1.0, per_row: bool = False) -> DselectKGate:
    torch.manual_seed(0)
    return DselectKGate((4,), experts, selected=selected, gamma=gamma, entropy=0.1, per_row=per_row).double()


@pytest.mark.parametrize("gamma", [0.5, 1.0, 3.0])
def test_the_smooth_step_is_the_papers(gamma: float) -> None:
    t = torch.linspace(-gamma, gamma, 41, dtype=torch.float64)
    cubic = -2 * t**3 / gamma**3 + 3 * t / (2 * gamma) + 0.5
    wanted = torch.where(t <= -gamma / 2, 0.0, torch.where(t >= gamma / 2, 1.0, cubic))
    torch.testing.assert_close(smooth_step(t, gamma), wanted)


@pytest.mark.parametrize("per_row", [False, True])
@pytest.mark.parametrize("experts", [1, 2, 8])
def test_weights_over_a_power_of_two_add_up_to_one(experts: int, per_row: bool) -> None:
    weights = gate(experts, per_row=per_row)(10 * rows())
    assert weights.shape == (9, experts)
    assert (weights >= 0).all()
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(9, dtype=torch.float64))


def test_a_gate_that_has_decided_takes_at_most_k_experts() -> None:
    one = gate(selected=2)
    with torch.no_grad():
        one.bits.copy_(torch.tensor([[1.0, -1, 1], [-1, 1, 1]]))
    assert one(as_table(rows(1)))[0].nonzero().flatten().tolist() == [3, 5]


def test_a_static_gate_is_the_same_for_all_rows_and_one_per_row_is_not() -> None:
    assert gate()(rows()).unique(dim=0).shape[0] == 1
    assert gate(per_row=True)(rows()).unique(dim=0).shape[0] == 9


def test_the_penalty_is_least_for_a_clear_choice() -> None:
    one = gate(selected=1)
    undecided = one.penalty(rows())
    with torch.no_grad():
        one.bits.fill_(1.0)
    clear = one.penalty(rows())
    assert undecided is not None
    assert clear is not None
    assert undecided.item() == pytest.approx(0.1 * (3 * math.log(2) + 1), rel=1e-2)
    assert clear.item() == pytest.approx(0.1, rel=1e-4)


def test_the_penalty_keeps_a_selector_from_numbers_that_no_expert_has() -> None:
    one = gate(experts=3, selected=1)
    with torch.no_grad():
        one.bits.fill_(0.4)  # nearly the fourth of three
    penalty = one.penalty(rows())
    assert penalty is not None
    assert penalty > 1
    penalty.backward()
    assert one.bits.grad is not None
    assert (one.bits.grad > 0).all()


def test_every_gate_of_the_model_adds_its_penalty() -> None:
    model = built({"kind": "dselect_k", "entropy": 0.5})
    model(as_table(rows()))
    total = sum(gate.penalty(rows()) for gate in model.levels[0].gates)
    torch.testing.assert_close(model.penalty(), total)
    assert built({"kind": "dselect_k", "entropy": 0.0}).penalty() is None

"""Optimizers, parameter groups and weight penalties."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec, Optimizer, TrainingSpec, kind_of, members
from mtl_core.spec.training.optimizers import (
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    HeadsGroupSpec,
    Muon,
    NAdam,
    RmsProp,
    Sgd,
    SharedGroupSpec,
)
from mtl_core.spec.training.schedules import PlateauSchedule
from mtl_core.training.optimization.lr_schedule import Plateau
from mtl_core.training.optimization.optimizers import build_optimizer, set_lr
from mtl_core.training.optimization.param_groups import WeightPenalties, build_param_groups

REFERENCES: dict[str, tuple[Any, Callable[[list[nn.Parameter]], torch.optim.Optimizer]]] = {
    "sgd": (Sgd(), lambda p: torch.optim.SGD(p, 0.01, momentum=0.9)),
    "adam": (Adam(), lambda p: torch.optim.Adam(p, 1e-3)),
    "adamw": (AdamW(), lambda p: torch.optim.AdamW(p, 1e-3, weight_decay=0.01)),
    "nadam": (NAdam(), lambda p: torch.optim.NAdam(p, 2e-3)),
    "rmsprop": (RmsProp(momentum=0.3), lambda p: torch.optim.RMSprop(p, 1e-3, momentum=0.3)),
    "adagrad": (Adagrad(lr_decay=0.1), lambda p: torch.optim.Adagrad(p, 0.01, lr_decay=0.1)),
    "adamax": (Adamax(), lambda p: torch.optim.Adamax(p, 2e-3)),
    "muon": (
        Muon(),
        lambda p: torch.optim.Muon(p, 1e-3, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"),
    ),
}


def build_model_of_two_tasks() -> MultiTaskModel:
    torch.manual_seed(0)
    layers = [{"kind": "linear", "out_features": 4}, {"kind": "tanh"}, {"kind": "linear", "out_features": 4}]
    spec = ModelSpec.model_validate({"shared": layers, "heads": {"a": layers}}, strict=False)
    return build_model(spec, {"table": (3,)}, {"a": 1, "b": 2})


def descend(optimizer: torch.optim.Optimizer, parameters: list[nn.Parameter], steps: int = 5) -> None:
    for _ in range(steps):
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack([((p - 2) ** 4).sum() for p in parameters]).sum())
        optimizer.step()


def test_every_kind_has_a_reference() -> None:
    assert set(REFERENCES) == set(map(kind_of, members(Optimizer)))


@pytest.mark.parametrize("kind", REFERENCES)
def test_steps_are_torchs(kind: str) -> None:
    spec, make = REFERENCES[kind]
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 12).view(4, 3)) for _ in range(2))
    descend(build_optimizer(spec, [{"params": [ours]}], []), [ours])
    descend(make([theirs]), [theirs])
    torch.testing.assert_close(ours, theirs)


def test_muon_steps_by_adamw_on_whatever_is_no_matrix() -> None:
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 12)) for _ in range(2))
    matrix = nn.Parameter(torch.ones(2, 2))
    descend(build_optimizer(Muon(), [{"params": [matrix, ours]}], []), [ours, matrix])
    descend(torch.optim.AdamW([theirs], 1e-3, weight_decay=0.1), [theirs])
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("member", members(Optimizer), ids=kind_of)
def test_a_parameter_whose_first_gradient_comes_late_is_stepped_on(member: Callable[[], Any]) -> None:
    early, late = nn.Parameter(torch.ones(2, 2)), nn.Parameter(torch.ones(2, 2))
    optimizer = build_optimizer(member(), [{"params": [early, late]}], [])
    descend(optimizer, [early])
    assert torch.equal(late, torch.ones(2, 2))
    descend(optimizer, [early, late])
    assert not torch.equal(late, torch.ones(2, 2))


def test_parts_alike_are_one_group_with_every_parameter_in_it() -> None:
    model = build_model_of_two_tasks()
    groups = build_param_groups(model, TrainingSpec())
    assert [len(group["params"]) for group in groups] == [len(list(model.parameters()))]


def test_a_part_has_its_own_rate_and_decay_and_the_schedule_multiplies_each() -> None:
    model = build_model_of_two_tasks()
    training = TrainingSpec(heads=HeadsGroupSpec(lr_factor=10.0, weight_decay=0.5))
    optimizer = build_optimizer(AdamW(lr=0.01), build_param_groups(model, training), [nn.Parameter(torch.ones(2))])
    shared, heads, weighting = optimizer.param_groups
    assert {id(p) for p in shared["params"]} == {id(p) for p in model.shared_parameters()}
    assert {id(p) for p in heads["params"]} == {id(p) for task in "ab" for p in model.head_parameters(task)}
    assert [group["lr"] for group in (shared, heads, weighting)] == pytest.approx([0.01, 0.1, 0.01])
    assert [group["weight_decay"] for group in (shared, heads, weighting)] == [0.01, 0.5, 0.0]
    set_lr(optimizer, 0.001)
    assert [group["lr"] for group in (shared, heads, weighting)] == pytest.approx([0.001, 0.01, 0.001])


def test_the_rate_of_each_shared_layer_is_a_share_of_the_next_ones() -> None:
    model = build_model_of_two_tasks()
    groups = build_param_groups(model, TrainingSpec(shared=SharedGroupSpec(depth_factor=0.5, lr_factor=2.0)))
    factor = {id(p): group["lr_factor"] for group in groups for p in group["params"]}
    first, last = model.shared_parameters()[:2], model.shared_parameters()[2:]
    assert {factor[id(p)] for p in first} == {1.0}
    assert {factor[id(p)] for p in last} == {2.0}
    assert {factor[id(p)] for task in "ab" for p in model.head_parameters(task)} == {1.0}


def test_penalties_are_the_gradients_of_their_terms_on_the_weights_of_their_part() -> None:
    model = build_model_of_two_tasks()
    training = TrainingSpec(shared=SharedGroupSpec(l1=0.1, l2=0.3), heads=HeadsGroupSpec(l2=0.7))
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    frozen = model.shared_parameters()[0]
    frozen.grad = None
    WeightPenalties(model, training).add()
    expected: dict[int, torch.Tensor] = {}
    for parts, l1, l2 in ((model.shared_parameters(), 0.1, 0.3), (model.head_parameters("a"), 0.0, 0.7)):
        weights = [p for p in parts if p.ndim > 1]
        terms = [l1 * w.abs().sum() + l2 * (w**2).sum() / 2 for w in weights]
        found = torch.autograd.grad(torch.stack(terms).sum(), weights)
        expected |= {id(w): gradient for w, gradient in zip(weights, found, strict=True)}
    assert frozen.grad is None
    for parameter in (*model.shared_parameters()[1:], *model.head_parameters("a")):
        assert parameter.grad is not None
        zero = torch.zeros_like(parameter)
        torch.testing.assert_close(parameter.grad, 1 + expected.get(id(parameter), zero))


@pytest.mark.parametrize("direction", ["min", "max"])
@pytest.mark.parametrize(("patience", "cooldown"), [(1, 0), (2, 0), (2, 3)])
def test_the_plateau_is_torchs_with_the_patience_of_early_stopping(
    direction: Any, patience: int, cooldown: int
) -> None:
    schedule = PlateauSchedule(gamma=0.5, patience=patience, cooldown=cooldown, min_delta=0.01, final=0.1)
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    settings: dict[str, Any] = {"threshold": 0.01, "threshold_mode": "abs", "cooldown": cooldown, "min_lr": 0.1}
    theirs = ReduceLROnPlateau(optimizer, direction, 0.5, patience - 1, **settings)
    ours = Plateau()
    values = [3, 2, 2, 2.5, 1.995, 1.0, 1, 1, 1, 1, 1, 0.5, 0.5, 0.6, 0.7, 0.8, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    for value in values:
        signed = value if direction == "min" else -value
        ours.update(schedule, direction, signed)
        theirs.step(signed)
        assert ours.factor == pytest.approx(optimizer.param_groups[0]["lr"])


def test_a_plateau_waits_for_a_first_number() -> None:
    plateau = Plateau()
    for _ in range(10):
        plateau.update(PlateauSchedule(patience=1), "min", float("nan"))
    assert plateau.factor == 1.0

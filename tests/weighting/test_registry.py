"""Every weighting kind has a builder, and every method keeps the contract of the interface.

Covers: mtl_core/weighting/methods/, mtl_core/weighting/context.py, mtl_core/weighting/interface.py.
"""

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.errors import StoreError
from mtl_core.spec import BinaryTask, InputError, MulticlassTask, RegressionTask, kind_of, members
from mtl_core.spec.weighting import (
    DwaWeighting,
    EqualWeighting,
    FamoWeighting,
    ManualWeighting,
    UncertaintyWeighting,
)
from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting import Weighting, build_weighting
from tests.weighting.cases import Linear, TwoHeads

SPECS = [member() for member in members(WeightingSpec)]
NORMALIZED = [EqualWeighting(normalize="scale"), FamoWeighting(normalize="scale"), DwaWeighting(normalize="log")]
PAIRS = [("left", "regression"), ("right", "regression")]

every_method = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.kind)
stateful = pytest.mark.parametrize("spec", [*SPECS, *NORMALIZED], ids=lambda spec: f"{spec.kind}-{spec.normalize}")


def build(spec: Any, tasks: int = 2) -> Weighting:
    return build_weighting(spec, [(f"t{task}", "regression") for task in range(tasks)], dtype=torch.float64)


def step(weighting: Weighting, model: TwoHeads) -> list[Tensor]:
    """One step of training; the gradients it used."""
    parameters = [*model.parameters(), *weighting.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.05)
    optimizer.zero_grad()
    weighting.backward(model.losses(), model)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters]
    optimizer.step()
    if weighting.needs_losses_after_step:
        weighting.observe(torch.stack(model.losses()).detach())
    return gradients


def test_the_union_is_not_empty() -> None:
    assert {kind_of(member) for member in members(WeightingSpec)} >= {"equal", "manual", "uncertainty", "pcgrad"}


@every_method
def test_every_kind_builds_from_task_specs(spec: Any) -> None:
    tasks = [
        RegressionTask(name="price", target="price"),
        BinaryTask(name="sold", target="sold"),
        MulticlassTask(name="city", target="city"),
    ]
    weighting = build_weighting(spec, tasks)
    assert weighting.weights().shape == (3,)
    assert weighting.weights().dtype == torch.float32
    assert not weighting.weights().requires_grad


@every_method
def test_every_parameter_gets_a_gradient(spec: Any) -> None:
    model = TwoHeads()
    weighting = build(spec)
    weighting.backward(model.losses(), model)
    for parameter in [*model.parameters(), *weighting.parameters()]:
        assert parameter.grad is not None
        assert parameter.grad.shape == parameter.shape
    assert not weighting.weights().requires_grad


@every_method
def test_gradients_that_were_zeros_do_not_matter(spec: Any) -> None:
    fresh, zeroed = TwoHeads(), TwoHeads()
    for parameter in zeroed.parameters():
        parameter.grad = torch.zeros_like(parameter)
    for model in (fresh, zeroed):
        torch.manual_seed(0)
        build(spec).backward(model.losses(), model)
    for left, right in zip(fresh.parameters(), zeroed.parameters(), strict=True):
        torch.testing.assert_close(left.grad, right.grad, rtol=0, atol=0)


@stateful
def test_a_resumed_run_goes_on_bit_for_bit(spec: Any) -> None:
    model, weighting = TwoHeads(seed=3), build(spec)
    for number in range(4):
        step(weighting, model)
        weighting.epoch_end(torch.tensor([2.0 - 0.3 * number, 1.0 - 0.1 * number], dtype=torch.float64))
    state, parameters, rng = weighting.state_dict(), model.state_dict(), torch.get_rng_state()
    state = {name: tensor.clone() for name, tensor in state.items()}
    parameters = {name: tensor.clone() for name, tensor in parameters.items()}
    wanted = [step(weighting, model) for _ in range(3)]

    other_model, other = TwoHeads(seed=9), build(spec)
    other_model.load_state_dict(parameters)
    other_model.inputs, other_model.targets = model.inputs, model.targets
    other.load_state_dict(state)
    torch.set_rng_state(rng)
    found = [step(other, other_model) for _ in range(3)]
    for left, right in zip(wanted, found, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(left, right, strict=True))
    assert torch.equal(weighting.weights(), other.weights())


@stateful
def test_a_saved_state_is_not_changed_by_further_steps(spec: Any) -> None:
    model, weighting = TwoHeads(), build(spec)
    step(weighting, model)
    state = weighting.state_dict()
    copies = {name: tensor.clone() for name, tensor in state.items()}
    step(weighting, model)
    weighting.epoch_end(torch.ones(2, dtype=torch.float64))
    assert all(torch.equal(state[name].nan_to_num(), copies[name].nan_to_num()) for name in state)
    assert all(isinstance(tensor, Tensor) and not tensor.requires_grad for tensor in state.values())


@stateful
def test_a_state_of_another_number_of_tasks_is_refused(spec: Any) -> None:
    state = build(spec, tasks=3).state_dict() or {"weights": torch.ones(3)}
    with pytest.raises(StoreError, match=r"checkpoint\.weighting"):
        build(spec, tasks=2).load_state_dict(state)


@every_method
def test_one_task_trains_by_its_own_gradient(spec: Any) -> None:
    jacobian = torch.tensor([[3.0, -4.0]], dtype=torch.float64)
    model, weighting = Linear(jacobian), build(spec, tasks=1)
    weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    assert torch.cosine_similarity(model.shared.grad, jacobian[0], dim=0) == pytest.approx(1)


@every_method
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), 0.0, -2.0, 1e300])
def test_no_loss_value_makes_a_method_fail(spec: Any, bad: float) -> None:
    for tasks in (2, 3):
        jacobian = torch.randn(tasks, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        weighting = build(spec, tasks)
        for values in ([1.0] * tasks, [bad] + [1.0] * (tasks - 1), [1.0] * tasks):
            model = Linear(jacobian)
            weighting.backward(model.losses(values), model)
            weighting.epoch_end(torch.tensor(values, dtype=torch.float64))
        assert model.shared.grad is not None
        assert model.shared.grad.isfinite().all()


@every_method
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e200, 1e-200, 0.0])
def test_no_gradient_value_makes_a_method_fail(spec: Any, bad: float) -> None:
    for tasks in (2, 3):
        jacobian = torch.ones(tasks, 4, dtype=torch.float64)
        jacobian[0, :2] = bad
        model, weighting = Linear(jacobian), build(spec, tasks)
        weighting.backward(model.losses(), model)
        assert model.shared.grad is not None


@every_method
def test_zero_gradients_give_a_zero_step(spec: Any) -> None:
    model, weighting = Linear(torch.zeros(3, 4, dtype=torch.float64)), build(spec, 3)
    weighting.backward(model.losses(), model)
    assert model.shared.grad is not None
    assert torch.equal(model.shared.grad, torch.zeros(4, dtype=torch.float64))
    assert weighting.weights().isfinite().all()


@every_method
def test_frozen_shared_parameters_stay_without_gradient(spec: Any) -> None:
    model, weighting = TwoHeads(), build(spec)
    model.last.requires_grad_(False)
    weighting.backward(model.losses(), model)
    assert all(parameter.grad is None for parameter in model.last.parameters())
    assert all(parameter.grad is not None for parameter in model.first.parameters())


@every_method
def test_a_wholly_frozen_trunk_still_trains_the_heads(spec: Any) -> None:
    model, weighting = TwoHeads(), build(spec)
    for parameter in model.shared_parameters():
        parameter.requires_grad_(False)
    weighting.backward(model.losses(), model)
    assert all(parameter.grad is None for parameter in model.shared_parameters())
    assert all(parameter.grad is not None for parameter in model.heads.parameters())
    assert weighting.weights().isfinite().all()


@every_method
def test_a_task_without_labels_neither_pulls_nor_blocks(spec: Any) -> None:
    torch.manual_seed(0)
    jacobian = torch.randn(3, 5, dtype=torch.float64)
    model, weighting = Linear(jacobian), build(spec, 3)
    losses = model.losses()
    losses[1] = torch.zeros((), dtype=torch.float64)
    weighting.backward(losses, model)
    by_graph = model.shared.grad

    torch.manual_seed(0)
    jacobian = torch.randn(3, 5, dtype=torch.float64)
    jacobian[1] = 0
    model, weighting = Linear(jacobian), build(spec, 3)
    weighting.backward(model.losses([1.0, 0.0, 1.0]), model, present=(True, False, True))
    assert model.shared.grad is not None
    assert by_graph is not None
    torch.testing.assert_close(model.shared.grad, by_graph)
    assert model.shared.grad.norm() > 0


@every_method
def test_what_a_method_knows_of_a_task_without_labels_stays(spec: Any) -> None:
    generator = torch.Generator().manual_seed(4)
    weighting = build(spec, 3)
    for _ in range(2):
        model = Linear(torch.randn(3, 5, dtype=torch.float64, generator=generator))
        weighting.backward(model.losses([1.0, 2.0, 3.0]), model)
        weighting.observe(torch.tensor([0.9, 1.8, 2.9], dtype=torch.float64))
    before = weighting.state_dict()
    model = Linear(torch.randn(3, 5, dtype=torch.float64, generator=generator))
    weighting.backward(model.losses([1.0, 0.0, 3.0]), model, present=(True, False, True))
    weighting.observe(torch.tensor([0.9, 0.0, 2.9], dtype=torch.float64), (True, False, True))
    after = weighting.state_dict()
    by_task = [name for name, tensor in before.items() if tensor.ndim and len(tensor) == 3 and "weights" not in name]
    assert all(torch.equal(after[name][1], before[name][1]) for name in by_task)
    assert float(weighting.weights()[1]) == 0 or spec.kind in ("equal", "manual", "dwa", "gradnorm", "uncertainty")


@every_method
def test_a_batch_without_any_label_changes_nothing(spec: Any) -> None:
    model, weighting = TwoHeads(), build(spec)
    step(weighting, model)
    before = {name: tensor for name, tensor in weighting.state_dict().items() if name != "weights"}
    model.zero_grad()
    weighting.backward([torch.zeros((), dtype=torch.float64)] * 2, model)
    assert all(parameter.grad is None for parameter in model.parameters())
    after = weighting.state_dict()
    torch.testing.assert_close({name: after[name] for name in before}, before, rtol=0, atol=0, equal_nan=True)


@every_method
def test_a_shared_parameter_that_no_task_reaches_gets_no_step(spec: Any) -> None:
    model, weighting = TwoHeads(), build(spec)
    spare = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    plain = model.shared_parameters
    model.shared_parameters = lambda: [spare, *plain()]  # type: ignore[method-assign]
    weighting.backward(model.losses(), model)
    assert spare.grad is None or torch.equal(spare.grad, torch.zeros_like(spare))
    assert all(parameter.grad is not None for parameter in plain())


def test_only_equal_and_manual_weights_are_constant() -> None:
    assert {spec.kind for spec in SPECS if build(spec).constant} == {"equal", "manual"}


def test_manual_weights_default_to_one() -> None:
    weighting = build_weighting(ManualWeighting(weights={"right": 0.25}), PAIRS)
    assert weighting.weights().tolist() == [1.0, 0.25]


def test_a_manual_weight_for_no_task_is_refused() -> None:
    with pytest.raises(InputError, match=r"weighting\.weights.*left, right.*middle"):
        build_weighting(ManualWeighting(weights={"middle": 2.0}), PAIRS)


def test_uncertainty_takes_its_form_from_the_kind_of_task() -> None:
    tasks = [("a", "regression"), ("b", "binary"), ("c", "multiclass")]
    assert build_weighting(UncertaintyWeighting(), tasks).weights().tolist() == [0.5, 1.0, 1.0]

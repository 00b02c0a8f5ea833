"""The cost of a step, counted in tensor operations."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mtl_core.spec.weighting import (
    DwaWeighting,
    EqualWeighting,
    FamoWeighting,
    GeometricMeanWeighting,
    GradNormWeighting,
    ImtlLWeighting,
    ManualWeighting,
    MgdaWeighting,
    PcGradWeighting,
    RandomWeighting,
    UncertaintyWeighting,
    UpGradWeighting,
)
from mtl_core.weighting import ManualOverride, Weighting, build_weighting
from tests.weighting.cases import TwoHeads

PAIRS = [("t0", "regression"), ("t1", "regression")]


class Counting(TorchDispatchMode):
    """Counts every operation that reaches a tensor, in forward and backward."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls[str(func)] += 1
        return func(*args, **(kwargs or {}))


def built(spec: Any) -> Weighting:
    return ManualOverride(build_weighting(spec, PAIRS, dtype=torch.float64), ["t0", "t1"])


def calls_of(weighting: Weighting) -> Counter[str]:
    """Of a step that is not the first."""
    model = TwoHeads()
    weighting.backward(model.losses(), model)
    for parameter in [*model.parameters(), *weighting.parameters()]:
        parameter.grad = None
    losses = model.losses()
    with Counting() as counting:
        weighting.backward(losses, model)
        weighting.weights()
    return counting.calls


def calls_by_hand() -> Counter[str]:
    left, right = TwoHeads().losses()
    with Counting() as counting:
        (left + right).backward()
    return counting.calls


@pytest.mark.parametrize(
    "spec", [EqualWeighting(), ManualWeighting(weights={"t0": 2.0}), DwaWeighting()], ids=lambda spec: spec.kind
)
def test_fixed_weights_do_less_than_the_hand_written_sum(spec: Any) -> None:
    assert calls_of(built(spec)).total() < calls_by_hand().total()


def test_uncertainty_adds_a_handful_of_operations() -> None:
    assert calls_of(built(UncertaintyWeighting())).total() <= calls_by_hand().total() + 8


@pytest.mark.parametrize(
    "spec",
    [
        EqualWeighting(),
        ManualWeighting(),
        UncertaintyWeighting(),
        DwaWeighting(),
        GradNormWeighting(),
        RandomWeighting(),
        GeometricMeanWeighting(),
        ImtlLWeighting(),
        FamoWeighting(),
    ],
    ids=lambda spec: spec.kind,
)
def test_methods_on_losses_never_wait_for_the_device(spec: Any) -> None:
    waiting = [name for name in calls_of(built(spec)) if "_local_scalar_dense" in name]
    assert waiting == []


def test_losses_that_are_not_normalised_cost_nothing() -> None:
    method = build_weighting(EqualWeighting(), PAIRS)
    assert type(build_weighting(EqualWeighting(normalize="none"), PAIRS)) is type(method)


@pytest.mark.parametrize("spec", [PcGradWeighting(), MgdaWeighting(), UpGradWeighting()], ids=lambda spec: spec.kind)
def test_gradient_methods_run_each_head_once(spec: Any) -> None:
    # Two passes over two shared layers and one over each head: the products of a hand-written loop, and one for the
    # Gramian and one for the direction.
    products = {"aten.mm.default", "aten.addmm.default", "aten.mv.default"}
    model = TwoHeads()
    losses = model.losses()
    with Counting() as by_hand:
        for task, loss in enumerate(losses):
            parameters = [*model.shared_parameters(), *model.heads[task].parameters()]
            torch.autograd.grad(loss, parameters, retain_graph=task == 0)
    loop = sum(count for name, count in by_hand.calls.items() if name in products)
    found = sum(count for name, count in calls_of(built(spec)).items() if name in products)
    assert found <= loop + 2

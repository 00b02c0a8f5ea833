"""Builds a mixture-of-experts model: levels of experts with their gates, then the heads."""

from collections.abc import Callable, Sequence
from itertools import accumulate

from mtl_core.architectures.components.blocks import build_copies, build_heads
from mtl_core.architectures.components.experts import ExpertLevel, ExpertsModel
from mtl_core.architectures.components.gates import Gate, SoftmaxGate
from mtl_core.architectures.components.inputs import build_inputs
from mtl_core.architectures.planning.layer_stack import LayerPlan, final_shape
from mtl_core.architectures.planning.model_plan import ModelPlan
from mtl_core.spec.reports import Shape


def build_mixture(
    plan: ModelPlan,
    levels: Sequence[Sequence[LayerPlan]],
    *,
    shared: int,
    own: int = 0,
    gate: Callable[[Shape, int], Gate] = SoftmaxGate,
) -> ExpertsModel:
    """Builds what reads the inputs, the experts of all levels, the heads, then the gates.

    In this order a model with one expert draws the initial weights of hard sharing.

    Args:
        plan: The plan of the model.
        levels: The layers of the experts of each level.
        shared: Number of experts that all tasks read, at each level.
        own: Number of further experts of each task.
        gate: Builds a gate from the shape of its input and the number of experts.
    """
    firsts = accumulate([0, *(len(layer_plans) for layer_plans in levels[:-1])])
    inputs = build_inputs(plan.inputs)
    expert_levels = [
        ExpertLevel(
            build_copies(layer_plans, shared, first), [build_copies(layer_plans, own, first) for _ in plan.tasks]
        )
        for layer_plans, first in zip(levels, firsts, strict=True)
    ]
    heads = build_heads(plan)
    shape: Shape | None = plan.input_shape
    for number, (level, layer_plans) in enumerate(zip(expert_levels, levels, strict=True), 1):
        assert shape is not None
        level.add_gates(shape, gate, last=number == len(levels))
        shape = final_shape(layer_plans, shape)
    return ExpertsModel(inputs, expert_levels, heads)

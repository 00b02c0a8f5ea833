"""Splits the shared layers into stages, after which schemes with a tower per task exchange features."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtl_core.architectures.planning.layer_stack import LayerPlan
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.layers import LAYER_GROUPS
from mtl_core.spec.reports import Shape

_NO_BEGINNINGS: tuple[type[Spec], ...] = (
    *LAYER_GROUPS["Normalization"],
    spec.TabM,
    spec.ClassToken,
    spec.PositionalEncoding,
)
"""Layers with parameters that belong to the stage around them."""


@dataclass(frozen=True)
class Stage:
    """A layer that learns features, with the norm, activation and pooling behind it.

    Attributes:
        layer_plans: Its layers, at least one.
        first: Index in the trunk of the first of them.
        shape: Output shape of the last of them, channels first, without the batch dimension.
    """

    layer_plans: list[LayerPlan]
    first: int
    shape: Shape

    @property
    def last(self) -> int:
        """Index in the trunk of the last of its layers."""
        return self.first + len(self.layer_plans) - 1


@dataclass(frozen=True)
class Stages:
    """A trunk split into stages and a tail.

    Attributes:
        stages: First to last; empty for a trunk without layers.
        tail: The layers after the last stage, without parameters: a Flatten and those that follow it.
    """

    stages: list[Stage]
    tail: list[LayerPlan]


def split_stages(layer_plans: Sequence[LayerPlan]) -> Stages:
    """Splits a trunk without faults into stages.

    A stage begins with each layer that has parameters, but for a normalization, a class token, a positional encoding or
    TabM; layers before the first of them belong to the first stage. A Flatten begins the following stage, or the tail:
    features are exchanged channel by channel, before positions are flattened into the channels.

    Args:
        layer_plans: The planned layers of the trunk.
    """
    starts = _stage_starts(layer_plans)
    end = _tail_start(layer_plans)
    spans = zip(starts, [*starts[1:], end], strict=False)
    return Stages([_stage(layer_plans, start, stop) for start, stop in spans if start < stop], list(layer_plans[end:]))


def stages_with_tail(layer_plans: Sequence[LayerPlan]) -> list[list[LayerPlan]]:
    """Splits a trunk into stages, with the tail added to the last one; empty for a trunk without layers."""
    split = split_stages(layer_plans)
    parts = [stage.layer_plans for stage in split.stages] or [[]]
    parts[-1] = [*parts[-1], *split.tail]
    return parts if parts[-1] else []


def split_levels(layer_plans: Sequence[LayerPlan], max_levels: int) -> list[list[LayerPlan]]:
    """Splits a trunk into levels of about equally many stages, the first ones with one more.

    Args:
        layer_plans: The planned layers of the trunk.
        max_levels: Number of levels; fewer if the trunk has fewer stages.
    """
    parts = stages_with_tail(layer_plans) or [[]]
    levels = min(max_levels, len(parts))
    size, remainder = divmod(len(parts), levels)
    ends = [(level + 1) * size + min(level + 1, remainder) for level in range(levels)]
    starts = [0, *ends[:-1]]
    return [[layer_plan for part in parts[a:b] for layer_plan in part] for a, b in zip(starts, ends, strict=True)]


def _stage(layer_plans: Sequence[LayerPlan], start: int, stop: int) -> Stage:
    shape = layer_plans[stop - 1].output_shape
    if shape is None:
        raise ValueError(f"layer {stop - 1} of the trunk cannot be built")
    return Stage(list(layer_plans[start:stop]), start, shape)


def _stage_starts(layer_plans: Sequence[LayerPlan]) -> list[int]:
    learning_layers = [
        i
        for i, layer_plan in enumerate(layer_plans)
        if layer_plan.parameters and not isinstance(layer_plan.layer, _NO_BEGINNINGS)
    ]
    starts = [0] if layer_plans else []
    return starts + [
        _flatten_between(layer_plans, previous, following) for previous, following in pairwise(learning_layers)
    ]


def _flatten_between(layer_plans: Sequence[LayerPlan], previous: int, following: int) -> int:
    """Index of the first Flatten between two learning layers, or of the second one if there is none."""
    return next((i for i in range(previous + 1, following) if _is_flatten(layer_plans[i])), following)


def _tail_start(layer_plans: Sequence[LayerPlan]) -> int:
    """Index of the first layer of the tail: the first Flatten after all layers with parameters."""
    last_learning_end = max((i + 1 for i, layer_plan in enumerate(layer_plans) if layer_plan.parameters), default=0)
    return next(
        (i for i in range(last_learning_end, len(layer_plans)) if _is_flatten(layer_plans[i])), len(layer_plans)
    )


def _is_flatten(layer_plan: LayerPlan) -> bool:
    return (
        isinstance(layer_plan.layer, spec.Flatten)
        and layer_plan.input_shape is not None
        and len(layer_plan.input_shape) > 1
    )

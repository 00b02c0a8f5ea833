"""The shared layers cut into stages, after each of which schemes of several towers let the tasks exchange features."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mtl_core.architectures.planning.layer_stack import Step
from mtl_core.spec import layers as spec
from mtl_core.spec.layers import LAYER_GROUPS
from mtl_core.spec.reports import Shape

_NORMS = LAYER_GROUPS["Normalization"]


@dataclass(frozen=True)
class Stage:
    """A layer that learns features, with the norm, activation and pooling behind it.

    Attributes:
        steps: Its layers; never none.
        first: Where the first of them stands in the trunk.
        shape: What leaves the last of them, channels first, without the batch.
    """

    steps: list[Step]
    first: int
    shape: Shape

    @property
    def last(self) -> int:
        """Where the last of its layers stands in the trunk."""
        return self.first + len(self.steps) - 1


@dataclass(frozen=True)
class Stages:
    """A trunk in stages.

    Attributes:
        stages: First to last; none for a trunk without layers.
        tail: What lies behind the last one: a Flatten at the end of the trunk and what follows it, without parameters.
    """

    stages: list[Stage]
    tail: list[Step]


def cut_stages(steps: Sequence[Step]) -> Stages:
    """Cut a trunk without faults into stages.

    A stage begins with each layer that has parameters and is no norm, and with whatever stands before the first of
    them. A Flatten begins the stage behind it, or the tail: features are exchanged channel by channel, before positions
    are laid out among the channels.

    Args:
        steps: The trunk after its trial.
    """
    starts = _starts(steps)
    end = _tail(steps)
    spans = zip(starts, [*starts[1:], end], strict=False)
    return Stages([_stage(steps, start, stop) for start, stop in spans if start < stop], list(steps[end:]))


def _stage(steps: Sequence[Step], start: int, stop: int) -> Stage:
    shape = steps[stop - 1].leaving
    if shape is None:
        raise ValueError(f"layer {stop - 1} of the trunk cannot be built")
    return Stage(list(steps[start:stop]), start, shape)


def _starts(steps: Sequence[Step]) -> list[int]:
    learning = [i for i, step in enumerate(steps) if step.parameters and not isinstance(step.layer, _NORMS)]
    starts = [0] if steps else []
    return starts + [_flatten_between(steps, before, at) for before, at in pairwise(learning)]


def _flatten_between(steps: Sequence[Step], before: int, at: int) -> int:
    """The first Flatten behind one learning layer that leads to the next, or that next layer."""
    return next((i for i in range(before + 1, at) if _flattens(steps[i])), at)


def _tail(steps: Sequence[Step]) -> int:
    """Where the tail begins: at the first Flatten behind all that learns."""
    behind = max((i + 1 for i, step in enumerate(steps) if step.parameters), default=0)
    return next((i for i in range(behind, len(steps)) if _flattens(steps[i])), len(steps))


def _flattens(step: Step) -> bool:
    return isinstance(step.layer, spec.Flatten) and step.arriving is not None and len(step.arriving) > 1

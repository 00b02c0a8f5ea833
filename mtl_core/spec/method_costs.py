"""What a weighting method was measured to cost, as many times the plain sum of the losses."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import get_args

from mtl_core.spec.base import Spec

COSTS = "method_costs.json"
"""Written by ``python -m tests.benchmarks methods --write``."""
MEASURED_TASKS = 8


@dataclass(frozen=True)
class MeasuredCost:
    """How many plain steps a step takes, with 8 tasks.

    Attributes:
        mlp: On a small MLP, where what the method itself computes weighs most.
        cnn: On a small CNN, where passes through the model weigh most.
    """

    mlp: float
    cnn: float


def levels_of(weighting: type[Spec]) -> tuple[str, ...]:
    """Whose gradients a method can be given; one empty name where there is no choice."""
    level = weighting.model_fields.get("level")
    return tuple(get_args(level.annotation)) if level is not None else ("",)


def measured_cost(kind: str, level: str = "") -> MeasuredCost | None:
    """The cost of a weighting method, or None where it was not measured.

    Args:
        kind: The method.
        level: Whose gradients it is given, where that is a choice.
    """
    return _costs().get(f"{kind} {level}".strip())


@cache
def _costs() -> dict[str, MeasuredCost]:
    text = (resources.files("resources") / COSTS).read_text(encoding="utf-8")
    return {key: MeasuredCost(*found) for key, found in json.loads(text).items()}

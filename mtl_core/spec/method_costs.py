"""Measured costs of the weighting methods, relative to the plain sum of the losses."""

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
    """Time of a training step relative to one with the plain sum of the losses, with 8 tasks.

    Attributes:
        mlp: Of a small MLP, where the method's own computation dominates.
        cnn: Of a small CNN, where passes through the model dominate.
    """

    mlp: float
    cnn: float


def levels_of(weighting: type[Spec]) -> tuple[str, ...]:
    """The levels at which a method can compare gradients; one empty name if there is no choice."""
    level = weighting.model_fields.get("level")
    return tuple(get_args(level.annotation)) if level is not None else ("",)


def measured_cost(kind: str, level: str = "") -> MeasuredCost | None:
    """The cost of a weighting method, or None if it was not measured.

    Args:
        kind: The method.
        level: The level at which it compares gradients, if there is a choice.
    """
    return _costs().get(f"{kind} {level}".strip())


@cache
def _costs() -> dict[str, MeasuredCost]:
    text = (resources.files("resources") / COSTS).read_text(encoding="utf-8")
    return {key: MeasuredCost(*factors) for key, factors in json.loads(text).items()}

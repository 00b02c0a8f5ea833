"""The names of the series that runs record: of training, gradients, what a scheme learned, time and memory.

They stand in the store as the metric of a series. The metrics of a task are named by its kind
(:mod:`mtl_core.spec.tasks`), the series of a sharing scheme by the scheme (:mod:`mtl_core.spec.sharing`).
"""

import re
from typing import Literal, get_args

from mtl_core.spec.sharing import Sharing
from mtl_core.spec.sharing.base import BaseSharing
from mtl_core.spec.sharing.learned_series import LearnedShare
from mtl_core.spec.unions import members

GradientMeasure = Literal["cosine", "similarity"]
StepPart = Literal["data", "forward", "weighting", "backward", "optimizer"]
"""The parts of a training step whose times are recorded."""
STEP_PARTS: tuple[StepPart, ...] = get_args(StepPart)
"""In the order of the step."""

LOSS = "loss"
"""The loss of a task, or the total."""
LEARNING_RATE = "lr"
"""The learning rate; a series of the total."""
LOSS_WEIGHT = "weight"
"""The weight of a task's loss."""
GRADIENT_CONFLICTS = "gradient conflicts"
"""The share of the pairs of tasks whose gradients have a negative cosine; a series of the total."""
GRADIENT_CONDITION = "gradient condition"
"""Largest over smallest singular value of the gradients of unit length; a series of the total."""
GRADIENT_NORM = "gradient norm"
"""The length of a task's gradient of the shared parameters."""

TRAINING_SERIES = (LOSS, LEARNING_RATE, LOSS_WEIGHT, GRADIENT_CONFLICTS, GRADIENT_CONDITION, GRADIENT_NORM)
"""Series of the training that any two runs can have in common.

The others are many, and of one model: what its sharing scheme learned, the gradients of two tasks or of one layer.
"""

THROUGHPUT = "throughput"
"""Training rows a second since the report before, with validation and everything else; a series of no task."""
MEMORY = "memory"
"""Bytes of the process that are resident in memory; a series of no task."""
DEVICE_MEMORY = "device memory"
"""Most bytes that tensors took on the CUDA device since the run was started or resumed; a series of no task."""


def step_time_name(part: StepPart) -> str:
    """The name of the mean seconds of a part of the timed steps since the report before; a series of no task."""
    return f"step time {part}"


RESOURCE_SERIES = (THROUGHPUT, MEMORY, DEVICE_MEMORY, *map(step_time_name, STEP_PARTS))
"""Series of the time and memory a run took, which differ between equal runs."""

_LEARNED_SERIES = tuple(
    dict.fromkeys(series for scheme in members(Sharing) if issubclass(scheme, BaseSharing) for series in scheme.learns)
)


def read_learned_name(metric: str) -> LearnedShare | None:
    """The place and source of a sharing scheme's series, from its name; None for the name of any other series."""
    return next((share for series in _LEARNED_SERIES if (share := series.read(metric))), None)


def gradient_norm_name(block: str) -> str:
    """The name of the length of a task's gradient of a block of the shared parameters."""
    return f"{GRADIENT_NORM} {block}"


def read_gradient_block(metric: str) -> str | None:
    """The block of shared parameters whose gradients a series has the length of; None for any other series."""
    prefix = gradient_norm_name("")
    return metric.removeprefix(prefix) if metric.startswith(prefix) else None


def gradient_pair_name(measure: GradientMeasure, task: str) -> str:
    """The name of a comparison of a task's gradient with that of another."""
    return f"gradient {measure} {task}"


def is_gradient_pair(metric: str) -> bool:
    """Whether a name is that of a comparison of two tasks' gradients."""
    return metric.startswith((gradient_pair_name("cosine", ""), gradient_pair_name("similarity", "")))


def natural_order(name: str) -> list[str | int]:
    """Sort key of a name that puts expert 2 before expert 10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]

"""The names under which runs keep what a sharing scheme learned and how the tasks' gradients agree.

They stand in the store as the metric of a series; whoever writes one and whoever reads one does it here.
"""

import re
from dataclasses import dataclass
from typing import Literal

Unit = Literal["stitch", "fusion"]
GradientMeasure = Literal["cosine", "similarity"]

GRADIENT_CONFLICTS = "gradient conflicts"
"""The share of the pairs of tasks whose gradients have a negative cosine; a series of the total."""
GRADIENT_CONDITION = "gradient condition"
"""Largest over smallest singular value of the gradients of unit length; a series of the total."""
GRADIENT_NORM = "gradient norm"
"""The length of a task's gradient of the shared parameters."""

_DISTANCES, _STAGES_READ, _GATES = "distance between copies", "stages the head reads", "gates"
_LEARNED = (
    (re.compile(r"(?P<place>(stitch|fusion) \d+) from (?P<source>.+)"), ""),
    (re.compile(r"distance to (?P<source>.+)"), _DISTANCES),
    (re.compile(r"share of (?P<source>stage \d+)"), _STAGES_READ),
    (re.compile(r"(?P<place>level \d+), gate of (?P<source>.+)"), ""),
    (re.compile(r"gate of (?P<source>.+)"), _GATES),
    (re.compile(r"(?P<place>stage \d+), (?P<source>node \d+)"), ""),
)


@dataclass(frozen=True)
class LearnedShare:
    """What a number of a sharing scheme says: how much a task takes from a source at a place of the model.

    Attributes:
        place: Where in the model, for people.
        source: From what: a task, an expert, a stage or a node.
    """

    place: str
    source: str


def unit_name(unit: Unit, number: int, source: str) -> str:
    """What a task takes from another, or itself, at a unit of towers; units count from 1."""
    return f"{unit} {number} from {source}"


def distance_name(task: str) -> str:
    """How far a task's copy of the trunk is from that of another."""
    return f"distance to {task}"


def stage_name(stage: int) -> str:
    """How much of a stage a task's head reads; stages count from 1."""
    return f"share of stage {stage}"


def gate_name(expert: str, level: int | None = None) -> str:
    """How much a task's gate takes of an expert; levels count from 1, None where there is but one."""
    return f"gate of {expert}" if level is None else f"level {level}, gate of {expert}"


def node_name(stage: int, node: int) -> str:
    """How probable it is that a task's way leads through a node; both count from 1."""
    return f"stage {stage}, node {node}"


def read_learned_name(metric: str) -> LearnedShare | None:
    """What a number of a sharing scheme says, from its name; None for the name of anything else."""
    for pattern, place in _LEARNED:
        if match := pattern.fullmatch(metric):
            return LearnedShare(match.groupdict().get("place") or place, match["source"])
    return None


def gradient_norm_name(block: str) -> str:
    """The length of a task's gradient of a block of the shared parameters."""
    return f"{GRADIENT_NORM} {block}"


def gradient_pair_name(measure: GradientMeasure, task: str) -> str:
    """How a task's gradient compares with that of another."""
    return f"gradient {measure} {task}"


def is_gradient_pair(metric: str) -> bool:
    """Whether a name is that of a comparison of two tasks' gradients."""
    return metric.startswith((gradient_pair_name("cosine", ""), gradient_pair_name("similarity", "")))


def natural_order(name: str) -> list[str | int]:
    """A name to sort by: expert 2 before expert 10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]

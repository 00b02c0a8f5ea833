"""View model of the similarity and lengths of the tasks' gradients; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import format_number
from mtl_core.protocol.series_names import (
    GRADIENT_CONDITION,
    GRADIENT_CONFLICTS,
    GRADIENT_NORM,
    GradientMeasure,
    gradient_pair_name,
    is_gradient_pair,
    natural_order,
    read_gradient_block,
)
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

MEASURES: dict[GradientMeasure, str] = {"cosine": "Direction (cosine)", "similarity": "Length (magnitude similarity)"}
NORMS = "Length by shared block"
"""Title of the lengths of the gradients, beside those of the measures."""
_ALL_BLOCKS = "all"
_NORMS_HELP = (
    "Length of each task's gradient of the shared layers, and of each block of them: "
    "a row is darkest for the task that pulls hardest there."
)
_HELP: dict[GradientMeasure, str] = {
    "cosine": "Cosine of the angle between two tasks' gradients of the shared layers: below 0 they conflict.",
    "similarity": "1 for gradients of equal length, towards 0 where one task's outweighs the other's.",
}


@dataclass(frozen=True)
class Agreement:
    """The similarity matrix and its texts.

    Attributes:
        values: [K, K] by task and task; NaN if never compared.
        subtitle: Summary of all pairs.
        help: Meaning of the values.
        description: The matrix as text, for a screen reader.
    """

    values: tuple[tuple[float, ...], ...]
    subtitle: str
    help: str
    description: str


@dataclass(frozen=True)
class GradientNorms:
    """The lengths of the tasks' gradients, and their texts.

    Attributes:
        blocks: [B] all shared parameters, then each block of them in the model's order.
        values: [B, K] by block and task; NaN if never measured.
        help: Meaning of the values.
        description: The lengths as text, for a screen reader.
    """

    blocks: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    help: str
    description: str


def is_pair(key: SeriesKey) -> bool:
    """Whether a series compares the gradients of two tasks."""
    return key.split == "train" and is_gradient_pair(key.metric)


def is_share(key: SeriesKey) -> bool:
    """Whether a series is the share of conflicting pairs."""
    return (key.task, key.split, key.metric) == (TOTAL, "train", GRADIENT_CONFLICTS)


def agreement_view(tasks: Sequence[str], measure: GradientMeasure, values: Mapping[SeriesKey, float]) -> Agreement:
    """View of the values of each pair of tasks.

    Args:
        tasks: Tasks of the run, in order.
        measure: The measure to show.
        values: The value of each series at the same step.
    """
    current = {(key.task, key.metric): value for key, value in values.items() if key.split == "train"}
    pairs = {(a, b): current.get((a, gradient_pair_name(measure, b)), math.nan) for a in tasks for b in tasks if a != b}
    matrix = [[_either(pairs, a, b) for b in tasks] for a in tasks]
    sentence = (
        f"{a} and {b} {matrix[i][j]:.2f}".replace("-", "−")
        for i, a in enumerate(tasks)
        for j, b in enumerate(tasks)
        if i < j and not math.isnan(matrix[i][j])
    )
    return Agreement(
        values=tuple(map(tuple, matrix)),
        subtitle=_subtitle(
            current.get((TOTAL, GRADIENT_CONFLICTS), math.nan), current.get((TOTAL, GRADIENT_CONDITION), math.nan)
        ),
        help=_HELP[measure],
        description=", ".join(sentence),
    )


def is_norm(key: SeriesKey) -> bool:
    """Whether a series is the length of a task's gradient, of all shared parameters or of a block."""
    return key.split == "train" and (key.metric == GRADIENT_NORM or read_gradient_block(key.metric) is not None)


def is_summary(key: SeriesKey) -> bool:
    """Whether a series sums up all pairs."""
    return is_share(key) or (key.task, key.split, key.metric) == (TOTAL, "train", GRADIENT_CONDITION)


def norms_view(tasks: Sequence[str], current: Mapping[SeriesKey, float]) -> GradientNorms:
    """View of the lengths of the tasks' gradients.

    Args:
        tasks: Tasks of the run, in order.
        current: The values to show.
    """
    norms = {(key.metric, key.task): value for key, value in current.items() if is_norm(key)}
    names = sorted({metric for metric, _ in norms}, key=natural_order)  # that of all parameters is the shortest
    values = tuple(tuple(norms.get((name, task), math.nan) for task in tasks) for name in names)
    blocks = tuple(read_gradient_block(name) or _ALL_BLOCKS for name in names)
    return GradientNorms(blocks, values, _NORMS_HELP, _describe_norms(tasks, blocks, values))


def _describe_norms(tasks: Sequence[str], blocks: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    lengths = (
        ", ".join(f"{task} {format_number(value)}" for task, value in zip(tasks, row, strict=True)) for row in values
    )
    return "; ".join(f"{block}: {text}" for block, text in zip(blocks, lengths, strict=True))


def _either(pairs: Mapping[tuple[str, str], float], first: str, second: str) -> float:
    """Value of a pair in either order; each pair is recorded once, under its first task."""
    if first == second:
        return 1.0
    value = pairs[first, second]
    return pairs[second, first] if math.isnan(value) else value


def _subtitle(share: float, condition: float) -> str:
    parts = [] if math.isnan(share) else [f"{100 * share:.0f} % of pairs conflict"]
    if not math.isnan(condition):
        parts.append("gradients linearly dependent" if math.isinf(condition) else f"condition number {condition:.3g}")
    return " · ".join(parts)

"""View model of the similarity of the tasks' gradients; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtl_core.protocol.series_names import (
    GRADIENT_CONDITION,
    GRADIENT_CONFLICTS,
    GradientMeasure,
    gradient_pair_name,
    is_gradient_pair,
)
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import SeriesKey

MEASURES: dict[GradientMeasure, str] = {"cosine": "Direction (cosine)", "similarity": "Length (magnitude similarity)"}
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


def is_pair(key: SeriesKey) -> bool:
    """Whether a series compares the gradients of two tasks."""
    return key.split == "train" and is_gradient_pair(key.metric)


def is_share(key: SeriesKey) -> bool:
    """Whether a series is the share of conflicting pairs."""
    return (key.task, key.split, key.metric) == (TOTAL, "train", GRADIENT_CONFLICTS)


def agreement_view(tasks: Sequence[str], measure: GradientMeasure, latest: Mapping[SeriesKey, float]) -> Agreement:
    """View of the newest values of each pair of tasks.

    Args:
        tasks: Tasks of the run, in order.
        measure: The measure to show.
        latest: The newest value of each series.
    """
    current = {(key.task, key.metric): value for key, value in latest.items() if key.split == "train"}
    pairs = {(a, b): current.get((a, gradient_pair_name(measure, b)), math.nan) for a in tasks for b in tasks if a != b}
    values = [[_either(pairs, a, b) for b in tasks] for a in tasks]
    sentence = (
        f"{a} and {b} {values[i][j]:.2f}".replace("-", "−")
        for i, a in enumerate(tasks)
        for j, b in enumerate(tasks)
        if i < j and not math.isnan(values[i][j])
    )
    return Agreement(
        values=tuple(map(tuple, values)),
        subtitle=_subtitle(
            current.get((TOTAL, GRADIENT_CONFLICTS), math.nan), current.get((TOTAL, GRADIENT_CONDITION), math.nan)
        ),
        help=_HELP[measure],
        description=", ".join(sentence),
    )


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

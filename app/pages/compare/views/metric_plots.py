"""What the plots of test metrics on the Compare page show; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import format_number
from mtl_core.analysis.pareto import hypervolume, pareto_front
from mtl_core.spec import TOTAL
from mtl_core.text import DIRECTION_ARROWS, format_names

if TYPE_CHECKING:
    from mtl_core.analysis.comparison import Comparison
    from mtl_core.analysis.paired_tests import MetricRow


@dataclass(frozen=True)
class PlottedRun:
    """A run with its values of some metrics.

    Attributes:
        run: Its number.
        title: The title of its group.
        group: The index of its group.
        tip: Its tooltip.
        values: Its values, NaN where it has none.
        on_front: Whether no other run is at least as good in every metric and better in one.
    """

    run: int
    title: str
    group: int
    tip: str
    values: tuple[float, ...]
    on_front: bool

    @property
    def is_complete(self) -> bool:
        """Whether it has a value of every metric."""
        return all(map(math.isfinite, self.values))


def plotted_metrics(comparison: Comparison) -> tuple[MetricRow, ...]:
    """The metrics that can be drawn: those with a better and a worse, the score of each task first."""
    rows = [row for row in comparison.metrics if row.direction and row.task != TOTAL]
    return tuple(sorted(rows, key=lambda row: not row.score))


def metric_title(row: MetricRow) -> str:
    """Name of a metric with the direction that is better."""
    return f"{row.task} · {row.metric} {DIRECTION_ARROWS[row.direction]}" if row.direction else row.metric


def plotted_runs(comparison: Comparison, rows: Sequence[MetricRow]) -> tuple[PlottedRun, ...]:
    """The runs that have a value of some of the metrics.

    Args:
        comparison: The comparison.
        rows: The metrics, of which the front is that of all together.
    """
    found = []
    for index, group in enumerate(comparison.groups):
        for entry in group.entries:
            run = entry.run
            values = tuple(row.by_seed[index].get(run.seed, math.nan) for row in rows)
            if any(map(math.isfinite, values)):
                found.append((run, index, values))
    directions = [row.direction for row in rows]
    front = pareto_front([values for *_, values in found], directions).tolist() if found else []
    return tuple(
        PlottedRun(
            run.id,
            comparison.titles[index],
            index,
            "\n".join(
                [
                    f"run {run.id} · {comparison.titles[index]} · seed {run.seed}",
                    *(f"{metric_title(row)} {format_number(v)}" for row, v in zip(rows, values, strict=True)),
                ]
            ),
            values,
            on_front,
        )
        for (run, index, values), on_front in zip(found, front, strict=True)
    )


def front_text(runs: Sequence[PlottedRun], rows: Sequence[MetricRow]) -> str:
    """Names the runs on the Pareto front, and its hypervolume up to the worst value of each metric."""
    complete = [run for run in runs if run.is_complete]
    if not complete:
        return "No run has all of these metrics."
    worst = [
        (min if row.direction == "max" else max)(run.values[index] for run in complete)
        for index, row in enumerate(rows)
    ]
    volume = hypervolume([run.values for run in complete], [row.direction for row in rows], worst)
    names = format_names([f"run {run.run}" for run in complete if run.on_front], 8)
    limits = ", ".join(format_number(value) for value in worst)
    return f"Not dominated: {names}. Hypervolume {format_number(volume)} from the worst values ({limits})."

"""What the card of predictions says about two or more runs; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.formatting import format_metric, format_quantity
from app.pages.compare.views.compared_run import ComparedRun
from mtl_core.analysis.diagnostics.confusion import normalize_rows
from mtl_core.protocol.diagnostics import Diagnostics, Disagreements, TaskDiagnostics
from mtl_core.text import group_digits

MOST_RUNS = 4
"""Most runs whose diagnostics stand side by side."""
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class ConfusionDifference:
    """How the shares of the predicted classes differ between two runs.

    Attributes:
        names: The classes.
        values: [K, K] share of the second run minus that of the first, NaN for a class without rows.
    """

    names: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


def common_tasks(entries: Sequence[ComparedRun]) -> tuple[str, ...]:
    """The tasks that at least two of the runs have, in the order of the first ones."""
    names = [name for entry in entries for name in entry.run.tasks]
    return tuple(name for name in dict.fromkeys(names) if names.count(name) > 1)


def shown_runs(runs: Sequence[int], first: int, second: int) -> tuple[int, ...]:
    """The runs that stand side by side: the chosen two, then others up to :data:`MOST_RUNS`."""
    return tuple(dict.fromkeys((first, second, *runs)))[:MOST_RUNS]


def task_of(answer: Diagnostics) -> TaskDiagnostics:
    """The task that was asked for."""
    return answer.tasks[0]


def confusion_difference(first: TaskDiagnostics, second: TaskDiagnostics) -> ConfusionDifference | None:
    """Compute the difference of two confusion matrices as shares of the true class; None without the same classes."""
    if not first.confusion or first.class_names != second.class_names:
        return None
    difference = np.asarray(normalize_rows(second.confusion)) - np.asarray(normalize_rows(first.confusion))
    return ConfusionDifference(first.class_names, tuple(map(tuple, difference.tolist())))


def common_classes(answers: Mapping[int, Diagnostics]) -> tuple[str, ...]:
    """The classes or labels with curves in at least one of the runs."""
    return tuple(dict.fromkeys(entry.name for answer in answers.values() for entry in task_of(answer).classes))


def pair_text(found: Disagreements) -> str:
    """What two runs have in common and in what they differ, as sentences."""
    first, second = (f"run {run}" for run in found.runs)
    lower = (
        f"{first.capitalize()} has the lower loss in {format_quantity(found.lower_loss[0], 'row')}, {second} in "
        f"{group_digits(found.lower_loss[1])}."
    )
    if found.right is None:
        return f"Of {format_quantity(found.labeled, 'labeled row')}: {lower[0].lower()}{lower[1:]}"
    right = found.right
    counts = (
        f"Of {format_quantity(found.labeled, 'labeled row')} both are right in {group_digits(right.both)}, only "
        f"{first} in {group_digits(right.first)}, only {second} in {group_digits(right.second)}, both are wrong in "
        f"{group_digits(right.neither)}."
    )
    better = first if right.first > right.second else second
    p_value = f"McNemar's exact test, p = {right.p_value:.3g}"
    verdict = (
        f"{better.capitalize()} is right more often ({p_value})."
        if right.p_value < SIGNIFICANT
        else f"No difference can be told ({p_value})."
    )
    return f"{counts} {verdict} {lower}"


def pair_rows(found: Disagreements) -> tuple[list[str], list[list[str]]]:
    """The headers and the cells of the table of rows that two runs predict differently."""
    runs = [f"run {run}" for run in found.runs]
    cells = dict(zip(found.values.rows, found.values.cells, strict=True))
    headers = ["row", "true", *runs, *(f"loss of {run}" for run in runs), "difference", *found.values.columns]
    rows = []
    for row in found.rows:
        marks = [_mark(right) for right in row.right] or ["", ""]
        predicted = [f"{mark}{text}" for mark, text in zip(marks, row.predicted, strict=True)]
        losses = [format_metric(loss) for loss in row.losses]
        gap = format_metric(abs(row.losses[0] - row.losses[1]))
        rows.append([str(row.row), row.true, *predicted, *losses, gap, *cells[row.row]])
    return headers, rows


def _mark(right: bool) -> str:
    return "✓ " if right else "✗ "

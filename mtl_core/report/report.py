"""A report on compared runs, read from the store: tables, tests, curves, settings, environment and events."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from mtl_core.analysis.comparison import Comparison, read_comparison
from mtl_core.analysis.paired_tests import MetricRow
from mtl_core.analysis.pareto import pareto_front
from mtl_core.protocol.series_key import SeriesKey
from mtl_core.report.figures import Figure, FigureGroup
from mtl_core.report.tables import Table, comparison_tables, sentences
from mtl_core.store.records import EventRecord, Points, RunRecord
from mtl_core.store.store import RunStore

MAX_EVENTS = 200
"""Events listed of a run, the last ones; of the others their number."""
_MAX_FIGURES = 40
_MAX_PARETO = 6


@dataclass(frozen=True)
class RunPart:
    """What a report says of one run.

    Attributes:
        run: The run.
        spec: Its experiment as plain data.
        events: Its last events.
        left_out: Number of earlier events.
    """

    run: RunRecord
    spec: Mapping[str, Any]
    events: tuple[EventRecord, ...]
    left_out: int


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: Its title.
        created: When it was made, for people.
        sentences: What the tests say.
        tables: Its tables.
        figures: Its figures.
        runs: Each run.
    """

    title: str
    created: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    runs: tuple[RunPart, ...]


def read_report(store: RunStore, numbers: Sequence[int], against: Sequence[int] = ()) -> Report:
    """Read what a report on runs contains.

    Args:
        store: The store.
        numbers: Numbers of the runs, one or several.
        against: Numbers of the runs whose groups the others are tested against.

    Raises:
        InputError: A run does not exist, or one of ``against`` is not among them.
    """
    comparison = read_comparison(store, numbers, against)
    names = dict.fromkeys(entry.run.name for entry in comparison.runs if not entry.run.baseline)
    names = names or dict.fromkeys(entry.run.name for entry in comparison.runs)
    points = {number: store.read(number)[0] for number in numbers}
    tested = sentences(comparison) if any(len(group.entries) > 1 for group in comparison.groups) else ()
    return Report(
        ", ".join(list(names)[:3]) + (" …" if len(names) > 3 else ""),
        time.strftime("%Y-%m-%d %H:%M"),
        tested,
        comparison_tables(comparison),
        (*pareto_figures(comparison), *_curve_figures(comparison, points)),
        tuple(_run_part(store, entry.run) for entry in comparison.runs),
    )


def _run_part(store: RunStore, run: RunRecord) -> RunPart:
    events = store.events(run.id)
    return RunPart(run, store.spec_data(run.id), tuple(events[-MAX_EVENTS:]), max(len(events) - MAX_EVENTS, 0))


def _curve_figures(comparison: Comparison, points: Mapping[int, Mapping[SeriesKey, Points]]) -> list[Figure]:
    """Return a figure for the loss and the score of each task on validation, else on training."""
    scores = {row.task: row.metric for row in comparison.metrics if row.score}
    keys = dict.fromkeys(key for series in points.values() for key in series)
    split = "val" if any(key.split == "val" for key in keys) else "train"
    tasks = dict.fromkeys(task for entry in comparison.runs for task in entry.run.tasks)
    wanted = [
        SeriesKey(task, split, metric) for task in tasks for metric in dict.fromkeys((scores.get(task, "loss"), "loss"))
    ]
    figures = []
    for key in wanted:
        groups = tuple(
            FigureGroup(comparison.titles[index], index, curves)
            for index, group in enumerate(comparison.groups)
            if (curves := tuple(_curve(points[e.run.id][key]) for e in group.entries if key in points[e.run.id]))
        )
        if groups:
            name = "validation" if split == "val" else "training"
            figures.append(Figure(f"{key.task}: {key.metric} on {name}", "step", key.metric, groups))
    return figures[:_MAX_FIGURES]


def _curve(points: Points) -> tuple[Any, Any]:
    return points.steps.astype(np.float64), points.values


def pareto_figures(comparison: Comparison) -> list[Figure]:
    """Return a plot for each two scores of tasks: a point for each run, the runs that no other dominates joined."""
    rows = [row for row in comparison.metrics if row.score and row.direction]
    figures = (_pareto_figure(comparison, *pair) for pair in combinations(rows, 2))
    return [figure for figure in figures if len(figure.groups)][:_MAX_PARETO]


def _pareto_figure(comparison: Comparison, first: MetricRow, second: MetricRow) -> Figure:
    groups, places = [], []
    for index, title in enumerate(comparison.titles):
        one, two = first.by_seed[index], second.by_seed[index]
        pairs = [(one[seed], two[seed]) for seed in one if seed in two]
        if pairs:
            x, y = np.array(pairs, np.float64).T
            groups.append(FigureGroup(title, index, ((x, y),)))
            places += pairs
    marked: list[tuple[float, float]] = []
    if places:
        front = pareto_front(places, (first.direction, second.direction))
        marked = sorted(place for place, on_front in zip(places, front, strict=True) if on_front)
    names = [f"{row.task}: {row.metric}" for row in (first, second)]
    note = "A point for each run, a ring at the mean of a group; a dashed line joins the runs that no other dominates."
    title = f"{names[0]} and {names[1]}"
    return Figure(title, names[0], names[1], tuple(groups), points=True, marked=tuple(marked), note=note)

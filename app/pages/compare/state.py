"""What the Compare page shows, as pure functions from what the store says; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.plots.texts import number
from mtl_core.spec import flatten

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey, Summary

TOTAL = "total"
_ABSENT = object()
_UNCOUNTED = ("version", "name")
_ARROWS = {"max": " ↑", "min": " ↓"}


@dataclass(frozen=True)
class Entry:
    """One run being compared.

    Attributes:
        run: Its record.
        data: Its spec as plain data.
        label: What its chip says.
        color: Hue by number; it is the run's own as long as it is compared.
    """

    run: RunRecord
    data: Mapping[str, Any]
    label: str
    color: int

    @property
    def short(self) -> str:
        """The run's number, for table headers."""
        return f"run {self.run.id}"


@dataclass(frozen=True)
class Cell:
    """A value in a table, and whether it is the best of its row."""

    text: str
    best: bool = False


@dataclass(frozen=True)
class Line:
    """A row of a table: its name and a cell a run."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class CompareView:
    """Everything on the page but the curves.

    Attributes:
        differing: A row a setting that is not the same in all runs.
        settings: How many settings there are.
        tests: A row a test metric.
        hint: What is missing for a comparison; empty when nothing is.
    """

    labels: tuple[str, ...]
    differing: tuple[Line, ...]
    settings: int
    tests: tuple[Line, ...]
    hint: str

    @property
    def differing_text(self) -> str:
        """For the header of the table of settings."""
        return f"{len(self.differing)} of {self.settings} settings" if len(self.labels) > 1 else ""


def compare_view(entries: Sequence[Entry], summaries: Sequence[Summary]) -> CompareView:
    """The page for some runs.

    Args:
        entries: The runs, in the order they are shown.
        summaries: Summaries of all their series.
    """
    differing, settings = differences([entry.data for entry in entries])
    return CompareView(
        labels=tuple(entry.label for entry in entries),
        differing=differing,
        settings=settings,
        tests=final_lines([entry.run for entry in entries], summaries),
        hint="Add a second run to see what differs." if len(entries) == 1 else "",
    )


def labels(runs: Sequence[RunRecord]) -> tuple[str, ...]:
    """What tells the runs apart: their numbers, and their names where these are not all the same."""
    alike = len({run.name for run in runs}) < 2
    return tuple(f"run {run.id}" if alike else f"run {run.id} · {shortened(run.name)}" for run in runs)


def shortened(name: str, most: int = 26) -> str:
    """A name that fits on a chip."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def differences(specs: Sequence[Mapping[str, Any]]) -> tuple[tuple[Line, ...], int]:
    """The settings in which specs differ, in the order of the document, and how many settings there are.

    Args:
        specs: Spec data; version and name are no settings.
    """
    flat = [flatten(dict(data)) for data in specs]
    paths = [path for path in dict.fromkeys(path for one in flat for path in one) if path not in _UNCOUNTED]
    lines = []
    for path in paths:
        values = [one.get(path, _ABSENT) for one in flat]
        if any(value is not values[0] and value != values[0] for value in values[1:]):
            lines.append(Line(setting_name(path), tuple(Cell(setting_text(value)) for value in values)))
    return tuple(lines), len(paths)


def setting_name(path: str) -> str:
    """The path of a setting as people read it; a kind goes by the name of what it is the kind of."""
    return path.removesuffix(".kind").removeprefix("training.").removeprefix("model.")


def setting_text(value: Any) -> str:
    """The value of a setting."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case None:
            return "none"
        case _:
            return "—" if value is _ABSENT else str(value)


def final_lines(runs: Sequence[RunRecord], summaries: Sequence[Summary]) -> tuple[Line, ...]:
    """Final test metrics by task, the best of each row marked by the metric's own direction."""
    found = {(one.run, one.task, one.metric): one for one in summaries if one.split == "test"}
    rows = dict.fromkeys((task, metric) for _, task, metric in found)
    order = {task: index for index, task in enumerate(dict.fromkeys(t for run in runs for t in run.tasks))}
    last = len(order)
    ranked = sorted(rows, key=lambda row: (order.get(row[0], last), row[1] == "loss"))
    return tuple(_test_line(task, metric, runs, found) for task, metric in ranked)


def metric_choices(keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """Metrics whose curves can be laid over each other, the loss first."""
    names = dict.fromkeys(key.metric for key in keys if key.split in ("train", "val") and key.task)
    return tuple(sorted(names, key=lambda name: (name != "loss", name == "weight")))


def curve_tasks(runs: Sequence[RunRecord], metric: str, keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """The tasks that have curves of a metric, in the order of the runs, the total last."""
    have = {key.task for key in keys if key.metric == metric and key.split != "test"}
    names = dict.fromkeys(task for run in runs for task in run.tasks)
    return tuple(task for task in (*names, TOTAL) if task in have)


def _test_line(
    task: str, metric: str, runs: Sequence[RunRecord], found: Mapping[tuple[int, str, str], Summary]
) -> Line:
    summaries = [found.get((run.id, task, metric)) for run in runs]
    values = [one.last if one is not None else math.nan for one in summaries]
    direction = next((one.direction for one in summaries if one is not None), "")
    marks = best_of(values, direction)
    cells = tuple(
        Cell("—" if one is None else number(value), mark)
        for one, value, mark in zip(summaries, values, marks, strict=True)
    )
    return Line(f"{task} · {metric}{_ARROWS.get(direction, '')}", cells)


def best_of(values: Sequence[float], direction: str) -> tuple[bool, ...]:
    """Which of some values are best; none where there is nothing to choose between.

    Args:
        values: One a run; NaN where there is none.
        direction: ``min``, ``max`` or nothing.
    """
    known = [value for value in values if math.isfinite(value)]
    if direction not in _ARROWS or len(known) < 2 or min(known) == max(known):
        return (False,) * len(values)
    best = min(known) if direction == "min" else max(known)
    return tuple(value == best for value in values)

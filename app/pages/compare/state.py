"""What the Compare page shows, as pure functions from what the store says; no Qt here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.plots.texts import number
from mtl_core.evaluation.best_epochs import BestEpoch, best_epochs
from mtl_core.evaluation.spread import Spread
from mtl_core.spec import DIRECTIONS, TRAINED, ExperimentSpec, flatten

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey, Summary

TestScores = Mapping[str, Mapping[str, float]]
"""Test metrics by task and name."""

TOTAL = "total"
_ABSENT = object()
_UNCOUNTED = ("version", "name")
_SEED = "training.seed"
_SPLITTING = "dataset.split.tasks"
"""Who made the split of a baseline: the same rows for all runs of a study, so no difference to be told."""
_ARROWS = {"max": " ↑", "min": " ↓"}


@dataclass(frozen=True)
class Entry:
    """One run being compared.

    Attributes:
        run: Its record.
        data: Its spec as plain data.
        label: What its chip says.
        color: Hue by number; it is the run's own as long as it is compared.
        spec: Its spec, or None when this version cannot read it.
    """

    run: RunRecord
    data: Mapping[str, Any]
    label: str
    color: int
    spec: ExperimentSpec | None = None

    @property
    def short(self) -> str:
        """The run's number, for table headers."""
        return f"run {self.run.id}"


@dataclass(frozen=True)
class Cell:
    """A value in a table, whether it is the best of its row, and else the tone it is written in."""

    text: str
    best: bool = False
    tone: str = ""


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
        tests: A row a test metric; a cell a run, or a group of runs that differ in nothing but the seed, and behind
            them one for the ensemble of all where its scores are known.
        groups: The runs of each cell of ``tests`` but the ensemble's.
        seeds: Whether some of the runs differ in nothing but the seed.
        best: A row a task: the epoch in which each run was best on it, beside the one that its rule chose.
        hint: What is missing for a comparison; empty when nothing is.
    """

    labels: tuple[str, ...]
    differing: tuple[Line, ...]
    settings: int
    tests: tuple[Line, ...]
    groups: tuple[tuple[Entry, ...], ...]
    seeds: bool
    best: tuple[Line, ...]
    hint: str

    @property
    def differing_text(self) -> str:
        """For the header of the table of settings."""
        return f"{len(self.differing)} of {self.settings} settings" if len(self.labels) > 1 else ""


def compare_view(
    entries: Sequence[Entry],
    summaries: Sequence[Summary],
    *,
    grouped: bool = False,
    ensemble: TestScores | None = None,
) -> CompareView:
    """The page for some runs.

    Args:
        entries: The runs, in the order they are shown.
        summaries: Summaries of all their series.
        grouped: Whether runs that differ in nothing but the seed share a column.
        ensemble: What the mean of their predictions scores.
    """
    alike = seed_groups(entries)
    groups = alike if grouped else tuple((entry,) for entry in entries)
    differing, settings = differences([entry.data for entry in entries])
    return CompareView(
        labels=tuple(entry.label for entry in entries),
        differing=differing,
        settings=settings,
        tests=final_lines([[entry.run for entry in group] for group in groups], summaries, ensemble),
        groups=groups,
        seeds=len(alike) < len(entries),
        best=best_lines(entries, summaries),
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
    every = dict.fromkeys(path for one in flat for path in one)
    paths = [path for path in every if path not in _UNCOUNTED and not path.startswith(_SPLITTING)]
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


def seed_groups(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], ...]:
    """Runs that differ in nothing but the seed together, in the order of the first of each."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        settings = {path: value for path, value in flatten(dict(entry.data)).items() if path not in (_SEED, "name")}
        groups.setdefault(repr(sorted(settings.items(), key=lambda item: item[0])), []).append(entry)
    return tuple(tuple(group) for group in groups.values())


def final_lines(
    groups: Sequence[Sequence[RunRecord]], summaries: Sequence[Summary], ensemble: TestScores | None = None
) -> tuple[Line, ...]:
    """Final test metrics by task, the best of each row marked by the metric's own direction.

    Args:
        groups: The runs of each column; of several the mean and the standard deviation are told.
        summaries: Summaries of them all.
        ensemble: What the mean of their predictions scores; a last column where it is known.
    """
    runs = [run for group in groups for run in group]
    found = {(one.run, one.task, one.metric): one for one in summaries if one.split == "test"}
    averaged = ((task, metric) for task, scores in (ensemble or {}).items() for metric in scores)
    rows = dict.fromkeys((*((task, metric) for _, task, metric in found), *averaged))
    order = {task: index for index, task in enumerate(dict.fromkeys(t for run in runs for t in run.tasks))}
    last = len(order)
    ranked = sorted(rows, key=lambda row: (order.get(row[0], last), row[1] == "loss"))
    return tuple(_test_line(task, metric, groups, found, ensemble) for task, metric in ranked)


def best_lines(entries: Sequence[Entry], summaries: Sequence[Summary]) -> tuple[Line, ...]:
    """A row a task: each run's best epoch on it by the task's score, and the epoch that the run's rule chose."""
    known = [{} if one.spec is None else _best_epochs(one, one.spec, summaries) for one in entries]
    tasks = dict.fromkeys((epoch.task, epoch.metric) for epochs in known for epoch in epochs.values())
    lines = [
        Line(f"{task} · {metric}", tuple(_best_cell(epochs.get((task, metric))) for epochs in known))
        for task, metric in tasks
    ]
    chosen = [next((epoch for epoch in epochs.values() if epoch.chosen is not None), None) for epochs in known]
    if lines and any(epoch is not None for epoch in chosen):
        lines.append(Line("chosen by the run's rule", tuple(map(_chosen_cell, chosen))))
    return tuple(lines)


def _best_epochs(entry: Entry, spec: ExperimentSpec, summaries: Sequence[Summary]) -> dict[tuple[str, str], BestEpoch]:
    return {(one.task, one.metric): one for one in best_epochs(entry.run, spec.tasks, summaries, spec.training.monitor)}


def _chosen_cell(found: BestEpoch | None) -> Cell:
    if found is None:
        return Cell("—")
    return Cell(f"epoch {found.chosen}" + (f" (by total loss: no {found.missing})" if found.missing else ""))


def _best_cell(found: BestEpoch | None) -> Cell:
    if found is None:
        return Cell("—")
    return Cell(f"epoch {found.epoch}" if found.epoch is not None else f"step {found.step}")


def metric_choices(keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """Metrics whose curves can be laid over each other, the loss first, what is no metric last."""
    names = dict.fromkeys(key.metric for key in keys if key.task and (key.split == "val" or key.metric in TRAINED))
    return tuple(sorted(names, key=lambda name: (name != "loss", TRAINED.index(name) if name in TRAINED else -1)))


def curve_tasks(runs: Sequence[RunRecord], metric: str, keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """The tasks that have curves of a metric, in the order of the runs, the total last."""
    have = {key.task for key in keys if key.metric == metric and key.split != "test"}
    names = dict.fromkeys(task for run in runs for task in run.tasks)
    return tuple(task for task in (*names, TOTAL) if task in have)


def _test_line(
    task: str,
    metric: str,
    groups: Sequence[Sequence[RunRecord]],
    found: Mapping[tuple[int, str, str], Summary],
    ensemble: TestScores | None,
) -> Line:
    summaries = [[found.get((run.id, task, metric)) for run in group] for group in groups]
    spreads = [[one.last for one in group if one is not None] for group in summaries]
    if ensemble is not None:
        score = ensemble.get(task, {}).get(metric)
        spreads.append([] if score is None else [score])
    values = [Spread.of(group).mean if len(group) != 1 else group[0] for group in spreads]
    told = (one.direction for group in summaries for one in group if one is not None)
    direction = next(told, DIRECTIONS.get(metric, ""))
    marks = best_of(values, direction)
    cells = tuple(Cell(_told(group, value), mark) for group, value, mark in zip(spreads, values, marks, strict=True))
    return Line(f"{task} · {metric}{_ARROWS.get(direction, '')}", cells)


def _told(values: Sequence[float], mean: float) -> str:
    if len(values) < 2:
        return number(mean) if values else "—"
    return Spread.of(values).text().replace("-", "−")


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

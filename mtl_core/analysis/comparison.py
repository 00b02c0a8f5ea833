"""Comparison of several runs: settings that differ, test metrics by groups of seeds, tests against chosen baselines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mtl_core.analysis.best_group import BestGroup, best_change, best_groups
from mtl_core.analysis.method_titles import method_title
from mtl_core.analysis.paired_tests import GroupChange, MetricRow, PairedTest, compare_groups, mean_changes
from mtl_core.analysis.seed_groups import SEED, SeedGroup, seed_groups
from mtl_core.analysis.significance import Mark, marks
from mtl_core.analysis.statistics import Spread
from mtl_core.errors import InputError
from mtl_core.protocol.series_key import Direction
from mtl_core.spec import DIRECTIONS, TOTAL, flatten
from mtl_core.spec.io.diff import ABSENT
from mtl_core.spec.paths import parse
from mtl_core.store.records import RunRecord, Summary
from mtl_core.store.store import RunStore

TestScores = Mapping[str, Mapping[str, float]]
"""Test metrics by task and name."""
_IGNORED = ("version", "name")
_SPLIT_TASKS = "dataset.split.tasks"
"""Tasks that determine the split of a baseline: all runs of a study have the same rows, so it is not a difference."""
_MAX_TITLE_SETTINGS = 2


@dataclass(frozen=True)
class StoredRun:
    """A run and every setting of it by its path."""

    run: RunRecord
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        runs: The runs, in the order in which they were named.
        groups: Runs that differ in nothing but the seed.
        titles: A title of each group that no other group has.
        metrics: A row for each test metric, with a column for each group.
        against: Indices of the groups that the others are tested against.
    """

    runs: tuple[StoredRun, ...]
    groups: tuple[SeedGroup[StoredRun], ...]
    titles: tuple[str, ...]
    metrics: tuple[MetricRow, ...]
    against: tuple[int, ...]

    @cached_property
    def tests(self) -> tuple[PairedTest, ...]:
        """A paired test of each group, but those tested against, on each metric."""
        return compare_groups(self.metrics, self.against)

    @cached_property
    def changes(self) -> tuple[GroupChange, ...]:
        """Δm of each group of runs of several tasks, but those tested against."""
        baselines = [index for index, group in enumerate(self.groups) if group.first.run.baseline]
        tasks = dict.fromkeys(row.task for row in self.metrics if row.score)
        return mean_changes(self.tests, tuple(tasks), excluded=baselines)

    @property
    def contenders(self) -> tuple[int, ...]:
        """Indices of the groups of runs of several tasks, of which one may be the best."""
        return tuple(index for index, group in enumerate(self.groups) if not group.first.run.baseline)

    @cached_property
    def best(self) -> tuple[BestGroup, ...]:
        """The best group of runs of several tasks on the score of each task."""
        return best_groups(self.metrics, self.contenders)

    @cached_property
    def best_change(self) -> BestGroup | None:
        """The group with the highest Δm; None unless baselines are tested against."""
        baselines = all(self.groups[index].first.run.baseline for index in self.against)
        return best_change(self.changes) if baselines else None

    @property
    def against_title(self) -> str:
        """What the groups are tested against, in words."""
        if len(self.against) > 1 and all(self.groups[index].first.run.baseline for index in self.against):
            return "each task alone"
        return " and ".join(self.titles[index] for index in self.against)


def read_comparison(store: RunStore, numbers: Sequence[int], against: Sequence[int] = ()) -> Comparison:
    """Read runs and compare them.

    Args:
        store: The store.
        numbers: Numbers of the runs, each once.
        against: Numbers of runs, among the others, whose groups the other groups are tested against: single-task
            baselines are for their own task. By default all baselines; without any the first group.

    Raises:
        InputError: A run does not exist, or one of ``against`` is not compared.
    """
    runs = [StoredRun(store.run(number), flatten(store.spec_data(number))) for number in numbers]
    scores: dict[str, str] = {}
    for by_task in store.score_metrics([run.run for run in runs]).values():
        scores = {**by_task, **scores}
    return compare_runs(runs, store.summaries(numbers), scores, against)


def compare_runs(
    runs: Sequence[StoredRun], summaries: Sequence[Summary], scores: Mapping[str, str], against: Sequence[int] = ()
) -> Comparison:
    """Compare runs; see :func:`read_comparison`.

    Args:
        runs: The runs.
        summaries: Summaries of their series.
        scores: The score metric of each task.
        against: Numbers of the runs whose groups the others are tested against.
    """
    groups = seed_groups(runs, {summary.run for summary in summaries if summary.split == "test"})
    rows = metric_rows([[entry.run for entry in group.entries] for group in groups], summaries, scores=scores)
    return Comparison(
        tuple(runs), groups, group_titles(groups), rows, _reference_groups(groups, against) if groups else ()
    )


def metric_rows(
    groups: Sequence[Sequence[RunRecord]],
    summaries: Sequence[Summary],
    ensemble: TestScores | None = None,
    *,
    scores: Mapping[str, str] | None = None,
) -> tuple[MetricRow, ...]:
    """Return the test metrics by task, the loss of each task last, the best of each row marked by its direction.

    Args:
        groups: The runs of each column, each of another seed.
        summaries: Summaries of all their series.
        ensemble: Test scores of the ensemble of all runs, for a last column.
        scores: The score metric of each task.
    """
    by_key = {(summary.run, summary.task, summary.metric): summary for summary in summaries if summary.split == "test"}
    averaged = ((task, metric) for task, metrics in (ensemble or {}).items() for metric in metrics)
    keys = dict.fromkeys((*((task, metric) for _, task, metric in by_key), *averaged))
    order = {task: i for i, task in enumerate(dict.fromkeys(t for group in groups for run in group for t in run.tasks))}

    def row(task: str, metric: str) -> MetricRow:
        found = [[(run.seed, by_key.get((run.id, task, metric))) for run in group] for group in groups]
        by_seed = [{seed: summary.last for seed, summary in group if summary is not None} for group in found]
        directions = (summary.direction for group in found for _, summary in group if summary is not None)
        direction: Direction = next(directions, DIRECTIONS.get(metric, ""))
        values = [list(column.values()) for column in by_seed]
        if ensemble is not None:
            score = ensemble.get(task, {}).get(metric)
            values.append([] if score is None else [score])
        columns = [Spread.of(column) for column in values]
        # An ensemble is made of the runs of the other columns and has no spread: it takes no part where seeds are
        # grouped.
        compared = len(groups) if any(len(group) > 1 for group in groups) else len(columns)
        unmarked: list[Mark] = ["" for _ in columns[compared:]]
        return MetricRow(
            task,
            metric,
            direction,
            task != TOTAL and (scores or {}).get(task) == metric,
            tuple(columns),
            tuple(by_seed),
            (*marks(columns[:compared], direction), *unmarked),
            tuple(map(bool, values)),
        )

    ranked = sorted(keys, key=lambda key: (order.get(key[0], len(order)), key[1] == "loss"))
    return tuple(row(*key) for key in ranked)


def differing_settings(runs: Sequence[Mapping[str, Any]]) -> tuple[tuple[Mapping[str, Any], ...], int]:
    """Return the settings of each run that differ between the runs, in the order of the document, and their number.

    Args:
        runs: Every setting of each run by its path; version and name do not count.
    """
    every = dict.fromkeys(path for settings in runs for path in settings)
    paths = [path for path in every if path not in _IGNORED and not path.startswith(_SPLIT_TASKS)]
    differing = []
    for path in paths:
        first = runs[0].get(path, ABSENT)
        if any(settings.get(path, ABSENT) != first for settings in runs):
            differing.append(path)
    return tuple({path: settings.get(path, ABSENT) for path in differing} for settings in runs), len(paths)


def setting_text(value: Any) -> str:
    """Return the text of the value of a setting."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case None:
            return "none"
        case _:
            return "—" if value is ABSENT else str(value)


def group_titles(groups: Sequence[SeedGroup[StoredRun]]) -> tuple[str, ...]:
    """Return a title of each group: its task if trained alone, else its method, with what tells equal methods apart."""
    firsts = [group.first for group in groups]
    titles = [_base_title(entry.run) for entry in firsts]
    for title in {title for title in titles if titles.count(title) > 1}:
        equal = [index for index, other in enumerate(titles) if other == title]
        differing, _ = differing_settings([firsts[index].settings for index in equal])
        for index, settings in zip(equal, differing, strict=True):
            words = [f"{_name(path)} {setting_text(value)}" for path, value in settings.items() if path != SEED]
            titles[index] = ", ".join([title, *words[:_MAX_TITLE_SETTINGS]])
    unique = [
        title if titles.count(title) == 1 else f"{title} (run {entry.run.id})"
        for title, entry in zip(titles, firsts, strict=True)
    ]
    return tuple(unique)


def _name(path: str) -> str:
    words = [str(key) for key in parse(path)]
    return " ".join(words[-2:] if words[-1] == "kind" else words[-1:]).replace("_", " ").removesuffix(" kind")


def _base_title(run: RunRecord) -> str:
    return f"{run.baseline} alone" if run.baseline else method_title(run.method)


def _reference_groups(groups: Sequence[SeedGroup[StoredRun]], against: Iterable[int]) -> tuple[int, ...]:
    found = []
    for number in against:
        index = next(
            (i for i, group in enumerate(groups) for e in (*group.entries, *group.repeated) if e.run.id == number), None
        )
        if index is None:
            rule = "is not one of the compared runs"
            raise InputError(f"run {number}", rule, fix="Name it among the runs to compare, too.")
        found.append(index)
    baselines = [index for index, group in enumerate(groups) if group.first.run.baseline]
    if not found and len(baselines) < len(groups):
        found = baselines
    return tuple(dict.fromkeys(found)) or (0,)

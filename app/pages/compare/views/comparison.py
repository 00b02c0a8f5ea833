"""View models of the tables on the Compare page, as pure functions of store records; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app.formatting import format_number
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.setting_names import chip_texts, setting_title
from mtl_core.analysis.best_epochs import BestEpoch, best_epochs
from mtl_core.analysis.comparison import TestScores, differing_settings, metric_rows, setting_text
from mtl_core.analysis.paired_tests import MetricRow
from mtl_core.analysis.seed_groups import SeedGroup, repeated_text, seed_groups
from mtl_core.analysis.significance import rule_text
from mtl_core.analysis.statistics import Spread
from mtl_core.protocol.series_names import TRAINING_SERIES
from mtl_core.spec import TOTAL, ExperimentSpec
from mtl_core.text import DIRECTION_ARROWS

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey, Summary

_SECTIONS = {"weighting": 0, "training": 1}


@dataclass(frozen=True)
class Cell:
    """A value in a table.

    Attributes:
        text: Its text.
        best: Whether it is the best of its row beyond chance.
        tone: Its color, if it is not the best.
        leading: Whether it is the best of single values.
        tip: Its tooltip; by default the text.
    """

    text: str
    best: bool = False
    tone: str = ""
    leading: bool = False
    tip: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table: its name, a cell per run, and the tooltip of the name."""

    name: str
    cells: tuple[Cell, ...]
    tip: str = ""


@dataclass(frozen=True)
class SettingsView:
    """What the runs have in common and in what they differ.

    Attributes:
        chips: The text of each run's chip.
        differing: A row for each setting that is not the same in all runs.
        settings: Number of settings.
        hint: What is missing for a comparison; empty when nothing is.
    """

    chips: tuple[str, ...]
    differing: tuple[Line, ...]
    settings: int
    hint: str

    @property
    def differing_text(self) -> str:
        """For the header of the table of settings."""
        return f"{len(self.differing)} of {self.settings} settings" if len(self.chips) > 1 else ""


@dataclass(frozen=True)
class MetricsView:
    """The test metrics of the runs.

    Attributes:
        lines: A row per test metric, with a cell per run, or per group of runs that differ only in the seed, and a last
            one for the ensemble of all runs if its scores are known.
        groups: The runs of each cell of ``lines`` but the ensemble's.
        seeds: Whether some of the runs differ only in the seed.
        notes: What the marks mean, and which runs are not counted.
    """

    lines: tuple[Line, ...]
    groups: tuple[SeedGroup[ComparedRun], ...]
    seeds: bool
    notes: str


def settings_view(entries: Sequence[ComparedRun]) -> SettingsView:
    """The settings in which some runs differ, in the order in which the runs are shown."""
    differing, settings = differing_settings([entry.settings for entry in entries])
    return SettingsView(
        chips=chip_texts(entries, differing),
        differing=setting_lines(entries, differing),
        settings=settings,
        hint="Add a second run to see what differs." if len(entries) == 1 else "",
    )


def metrics_view(
    entries: Sequence[ComparedRun],
    summaries: Sequence[Summary],
    *,
    grouped: bool = False,
    ensemble: TestScores | None = None,
) -> MetricsView:
    """The test metrics of some runs.

    Args:
        entries: The runs, in the order in which they are shown.
        summaries: Summaries of all their series.
        grouped: Whether runs that differ only in the seed share a column.
        ensemble: Test scores of the ensemble of all runs.
    """
    scored_runs = {summary.run for summary in summaries if summary.split == "test"}
    groups_of_seeds = seed_groups(entries, scored_runs)
    groups = groups_of_seeds if grouped else tuple(SeedGroup((entry,)) for entry in entries)
    lines = final_lines([[entry.run for entry in group.entries] for group in groups], summaries, ensemble)
    rule = rule_text(len(groups), grouped=grouped and any(len(group.entries) > 1 for group in groups))
    return MetricsView(
        lines=lines,
        groups=groups,
        seeds=any(len(group.entries) + len(group.repeated) > 1 for group in groups_of_seeds),
        notes=" ".join(filter(None, (rule if lines else "", repeated_text(groups)))),
    )


def setting_lines(entries: Sequence[ComparedRun], differing: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """A row per differing setting, named as in the forms; its path is the tooltip.

    Weighting and training come first, as tasks and layers differ in dozens of settings at once.
    """
    paths = sorted(differing[0] if differing else (), key=lambda path: _SECTIONS.get(path.partition(".")[0], 2))
    specs = [entry.spec for entry in entries if entry.spec is not None]
    return tuple(
        Line(setting_title(path, specs), tuple(Cell(setting_text(own[path])) for own in differing), tip=path)
        for path in paths
    )


def final_lines(
    groups: Sequence[Sequence[RunRecord]], summaries: Sequence[Summary], ensemble: TestScores | None = None
) -> tuple[Line, ...]:
    """Final test metrics by task, the best of each row marked by the metric's own direction.

    Args:
        groups: The runs of each column; several are summarized by mean and standard deviation.
        summaries: Summaries of all their series.
        ensemble: Test scores of the ensemble of all runs, for a last column.
    """
    return tuple(map(_test_line, metric_rows(groups, summaries, ensemble)))


def best_lines(entries: Sequence[ComparedRun], summaries: Sequence[Summary]) -> tuple[Line, ...]:
    """A row per task with each run's best epoch by the task's score, and a row with the epoch that the run selected."""
    own: dict[int, list[Summary]] = {entry.run.id: [] for entry in entries}
    for summary in summaries:
        own.get(summary.run, []).append(summary)
    best = [
        {} if compared.spec is None else _best_epochs(compared, compared.spec, own[compared.run.id])
        for compared in entries
    ]
    tasks = dict.fromkeys((epoch.task, epoch.metric) for epochs in best for epoch in epochs.values())
    lines = [
        Line(f"{task} · {metric}", tuple(_best_cell(epochs.get((task, metric))) for epochs in best))
        for task, metric in tasks
    ]
    selected_epochs = [next((epoch for epoch in epochs.values() if epoch.chosen is not None), None) for epochs in best]
    if lines and any(epoch is not None for epoch in selected_epochs):
        lines.append(Line("chosen by the run's rule", tuple(map(_selected_epoch_cell, selected_epochs))))
    return tuple(lines)


def _best_epochs(
    entry: ComparedRun, spec: ExperimentSpec, summaries: Sequence[Summary]
) -> dict[tuple[str, str], BestEpoch]:
    return {
        (best.task, best.metric): best for best in best_epochs(entry.run, spec.tasks, summaries, spec.training.monitor)
    }


def _selected_epoch_cell(best: BestEpoch | None) -> Cell:
    if best is None:
        return Cell("—")
    return Cell(f"epoch {best.chosen}" + (f" (by total loss: no {best.missing})" if best.missing else ""))


def _best_cell(best: BestEpoch | None) -> Cell:
    if best is None:
        return Cell("—")
    return Cell(f"epoch {best.epoch}" if best.epoch is not None else f"step {best.step}")


def metric_choices(keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """Metrics that can be drawn as curves: the loss first, recorded training values last."""
    names = dict.fromkeys(
        key.metric for key in keys if key.task and (key.split == "val" or key.metric in TRAINING_SERIES)
    )
    return tuple(
        sorted(names, key=lambda name: (name != "loss", TRAINING_SERIES.index(name) if name in TRAINING_SERIES else -1))
    )


def curve_tasks(runs: Sequence[RunRecord], metric: str, keys: Sequence[SeriesKey]) -> tuple[str, ...]:
    """The tasks that have curves of a metric, in the order of the runs, the total last."""
    have = {key.task for key in keys if key.metric == metric and key.split != "test"}
    names = dict.fromkeys(task for run in runs for task in run.tasks)
    several = any(len(run.tasks) > 1 for run in runs)  # the total of one task repeats it
    return tuple(task for task in (*names, *((TOTAL,) if several else ())) if task in have)


def _test_line(row: MetricRow) -> Line:
    cells = map(_cell, row.columns, row.marks, row.defined, [row.direction] * len(row.columns))
    arrow = f" {DIRECTION_ARROWS[row.direction]}" if row.direction else ""
    return Line(f"{row.task} · {row.metric}{arrow}", tuple(cells))


def _cell(spread: Spread, mark: str, defined: bool, direction: str) -> Cell:
    if not defined:
        return Cell("—")
    count = len(spread.values)
    text = spread.text().replace("-", "−") if count > 1 else format_number(spread.mean)
    tip = f"{text}, mean ± standard deviation of {count} seeds" if count > 1 else text
    if mark == "best":
        tip += ", better than every other column beyond the spread of the seeds"
    elif mark == "leading":
        tip += f", the {'lowest' if direction == 'min' else 'highest'}; single runs, so this may be chance"
    return Cell(text, best=mark == "best", leading=mark == "leading", tip=tip)

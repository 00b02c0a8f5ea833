"""The tables of a comparison, which every format and the window share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mtl_core.analysis.best_group import describe_best
from mtl_core.analysis.comparison import Comparison, differing_settings, setting_text
from mtl_core.analysis.paired_tests import GroupChange, MetricRow, PairedTest, describe_tests
from mtl_core.analysis.seed_groups import SEED
from mtl_core.analysis.statistics import Spread
from mtl_core.spec import TOTAL
from mtl_core.text import DIRECTION_ARROWS

NO_VALUE = "—"
VERDICTS = {
    "better": "better",
    "worse": "worse",
    "unclear": "no difference can be told",
    "one seed": "one seed says nothing",
    "no seed": "no seed in common",
}
_SETTINGS_NOTE = "Only what is not the same in all; single-task baselines have the settings of their experiment."
_METRICS_NOTE = (
    "Mean ± standard deviation over the seeds. Bold: the best mean. "
    "*: better than every other column beyond the spread of the seeds (Welch's t-test, 95 %, Bonferroni)."
)
_TESTS_NOTE = (
    "Paired t-test over the seeds that both have; p adjusted for the number of groups on a metric (Holm), "
    "d: mean difference in standard deviations of the differences."
)
_CHANGES_NOTE = (
    "Relative change of the score of each task, positive where better. ▼: negative transfer, "
    "▲: positive transfer; the 95 % interval over the seeds does not contain 0."
)


@dataclass(frozen=True)
class TableCell:
    """A cell of a table.

    Attributes:
        text: Its text.
        best: Whether it is the best of its row.
        spread: The measurements it stands for; None if it stands for none.
        note: A word for programs, such as the transfer that a change shows.
    """

    text: str
    best: bool = False
    spread: Spread | None = None
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table of a report.

    Attributes:
        key: Its name for programs.
        title: Its title.
        note: What its marks mean.
        header: Titles of the columns.
        rows: Cells, as many in each row as there are titles.
        names: Number of columns, from the left, that name a row.
    """

    key: str
    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[TableCell, ...], ...]
    names: int = 1


def comparison_tables(comparison: Comparison) -> tuple[Table, ...]:
    """Return the tables of a comparison; those without rows are left out."""
    makers = (_settings_table, metrics_table, _tests_table, _changes_table)
    return tuple(table for table in (make(comparison) for make in makers) if table.rows)


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return which group is best where several are, and what the paired tests say, a sentence for each group."""
    tests = describe_tests(comparison.tests, comparison.titles, comparison.against_title)
    return (*best_sentences(comparison), *tests)


def best_sentences(comparison: Comparison) -> tuple[str, ...]:
    """Return which group of runs of several tasks is best, over all tasks and on each.

    Two groups without baselines are tested against each other anyway, so nothing is said of them, nor of groups that
    learn from different data.
    """
    groups = comparison.contenders
    if len(groups) < 2 or (len(groups) == 2 and len(groups) == len(comparison.groups)):
        return ()
    if len({comparison.groups[index].first.run.dataset for index in groups}) > 1:
        return ()
    return describe_best(comparison.best, comparison.best_change, comparison.titles, comparison.against_title)


def metrics_table(comparison: Comparison) -> Table:
    """Return the test metrics: a row for each metric, a column for each group of seeds."""
    header = ("task", "metric", *(_group_header(comparison, index) for index in range(len(comparison.groups))))
    baselines = any(group.first.run.baseline for group in comparison.groups)  # the total of one task is another one
    rows = tuple(_metric_cells(row) for row in comparison.metrics if not (baselines and row.task == TOTAL))
    return Table("metrics", "Test metrics", _METRICS_NOTE, header, rows, names=2)


def _settings_table(comparison: Comparison) -> Table:
    """Settings of the groups; those of baselines, which differ in all that belongs to the other tasks, are left out."""
    groups = [i for i, group in enumerate(comparison.groups) if not group.first.run.baseline]
    groups = groups or list(range(len(comparison.groups)))
    several = any(len(comparison.groups[index].entries) > 1 for index in groups)
    differing, _ = differing_settings([comparison.groups[index].first.settings for index in groups])
    paths = [path for path in (differing[0] if differing else ()) if not (several and path == SEED)]
    rows = tuple(
        (TableCell(path), *(TableCell(setting_text(settings[path])) for settings in differing)) for path in paths
    )
    header = ("setting", *(_group_header(comparison, index) for index in groups))
    return Table("settings", "Settings that differ", _SETTINGS_NOTE, header, rows)


def _tests_table(comparison: Comparison) -> Table:
    header = ("task", "metric", "group", "difference", "seeds better", "p", "d", "conclusion")
    title = f"Paired tests against {comparison.against_title}"
    rows = tuple(_test_cells(test, comparison.titles) for test in comparison.tests if test.result.seeds > 1)
    return Table("tests", title, _TESTS_NOTE, header, rows, names=3)


def _changes_table(comparison: Comparison) -> Table:
    tasks = tuple(dict.fromkeys(test.row.task for change in comparison.changes for test in change.tests))
    title = f"Change against {comparison.against_title}"
    rows = tuple(_change_cells(change, tasks, comparison.titles) for change in comparison.changes)
    return Table("changes", title, _CHANGES_NOTE, ("group", *tasks, "Δm"), rows)


def _group_header(comparison: Comparison, index: int) -> str:
    group = comparison.groups[index]
    count = len(group.entries)
    return f"{comparison.titles[index]} ({f'{count} seeds' if count > 1 else f'run {group.first.run.id}'})"


def _metric_cells(row: MetricRow) -> tuple[TableCell, ...]:
    arrow = DIRECTION_ARROWS.get(row.direction, "")
    cells = [TableCell(row.task), TableCell(f"{row.metric} {arrow}".strip())]
    for spread, mark in zip(row.columns, row.marks, strict=True):
        text = (spread.text() + (" *" if mark == "best" else "")) if spread else NO_VALUE
        best = bool(spread) and spread.mean == row.best
        cells.append(TableCell(text, best, spread, "beyond chance" if mark == "best" else ""))
    return tuple(cells)


def _test_cells(test: PairedTest, titles: Sequence[str]) -> tuple[TableCell, ...]:
    result, size = test.result, test.result.effect_size
    return (
        TableCell(test.row.task),
        TableCell(f"{test.row.metric} {DIRECTION_ARROWS[test.row.direction]}"),
        TableCell(titles[test.group]),
        TableCell(result.differences.text(), spread=result.differences),
        TableCell(f"{result.wins} of {result.seeds}"),
        TableCell(format_p(test.p_value), spread=Spread.of([test.p_value])),
        TableCell(NO_VALUE if math.isnan(size) else f"{size:.2f}", spread=Spread.of([size])),
        TableCell(VERDICTS[test.verdict]),
    )


def _change_cells(change: GroupChange, tasks: Sequence[str], titles: Sequence[str]) -> tuple[TableCell, ...]:
    by_task = {test.row.task: test for test in change.tests}
    cells = [TableCell(titles[change.group])]
    for task in tasks:
        test = by_task.get(task)
        cells.append(TableCell(NO_VALUE) if test is None else _percent_cell(test.relative, test.transfer))
    return (*cells, _percent_cell(change.delta_m, ""))


def _percent_cell(change: Spread, transfer: str) -> TableCell:
    mark = {"negative": " ▼", "positive": " ▲"}.get(transfer, "")
    return TableCell(change.percent_text() + mark, spread=change, note=transfer)


def format_p(value: float) -> str:
    """Format a probability; small ones as a bound."""
    if math.isnan(value):
        return NO_VALUE
    return "< 0.001" if value < 0.001 else f"{value:.3f}"

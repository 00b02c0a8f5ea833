"""The columns of the runs table: cell text and sort key."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.formatting import (
    STATE_LABELS,
    format_duration,
    format_metric,
    format_metric_short,
    format_relative_change,
    format_timestamp,
)
from app.tables.run_rows import RunRow
from app.tables.run_scores import same_metric
from mtl_core.analysis.method_titles import method_title, short_method_title
from mtl_core.spec import TOTAL
from mtl_core.text import format_size

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey

DELTA_M, SIZE = "delta_m", "size"
"""Keys of the columns for which more has to be read."""
SETTING_PREFIX = "setting:"
_SPLIT_TITLES = {"val": "validation", "test": "test", "train": "training"}
_VALUES = ("best", "last", "min", "max")
_VALUE_HELP = {"best": "Best", "last": "Last", "min": "Lowest", "max": "Highest"}
_MAX_NAMED_SCORES = 2
"""Tasks whose scores are listed; of more the mean is shown, if they share a metric."""


@dataclass(frozen=True)
class RunColumn:
    """A column: its title, cell text, sort key and tooltip.

    Attributes:
        key: Identifier in the settings.
        title: Its header.
        text: Cell text of a row.
        value: Sort key of a row: a number (None: last), or a text (empty: last).
        help: The header's tooltip.
        numeric: Whether ``value`` gives numbers, shown right-aligned.
        shown: Whether it is visible by default.
        width: Default width in average characters.
        menu: Submenu of the column menu, or ``""``.
        split: Submenu of that submenu, or ``""``.
        tip: Tooltip of a cell; by default its text.
        name: What a filter calls it, or ``""`` if it cannot be filtered by a cell.
        words: The values of a cell in a filter; by default ``value``.
        format: Formats a mean of its numbers, or the difference of two; None if neither means anything.
        compare: Text of a cell with the difference to another row; by default that of its number by ``format``.
        better: Which numbers of a row are better, ``"min"`` or ``"max"``; ``""`` if neither.
    """

    key: str
    title: str
    text: Callable[[RunRow], str]
    value: Callable[[RunRow], float | str | None]
    help: str = ""
    numeric: bool = False
    shown: bool = True
    width: float = 12
    menu: str = ""
    split: str = ""
    tip: Callable[[RunRow], str] | None = None
    name: str = ""
    words: Callable[[RunRow], Sequence[str | float]] | None = None
    format: Callable[[float], str] | None = None
    better: Callable[[RunRow], str] = lambda row: ""
    compare: Callable[[RunRow, RunRow], str] | None = None

    def filter_values(self, row: RunRow) -> tuple[str | float, ...]:
        """The values of a cell that a filter can compare."""
        if not self.name:
            return ()
        value = self.value(row)
        values = self.words(row) if self.words is not None else (value,)
        return tuple(v for v in values if v is not None and v != "" and str(v) != "nan" and '"' not in str(v))


def _epochs(row: RunRow) -> str:
    progress = row.record.progress
    return f"{progress.epoch} / {progress.epochs}" if progress and progress.epochs else ""


def _epoch(row: RunRow) -> float | None:
    return row.record.progress.epoch if row.record.progress else None


def _whole(number: float) -> str:
    return f"{number:.0f}"


def experiment_name(record: RunRecord) -> str:
    """The name of a run's experiment, without the task that ends the name of a baseline."""
    return record.name.removesuffix(f" · {record.baseline} alone") if record.baseline else record.name


def run_title(record: RunRecord) -> str:
    """Number, name, weighting method and seed of a run, which tell runs of one name apart."""
    method = f"{record.baseline} alone" if record.baseline else method_title(record.method)
    return f"Run {record.id} · {experiment_name(record)} · {method} · seed {record.seed}"


def _method(row: RunRow) -> str:
    if row.record.baseline:
        return "none"  # one task leaves nothing to weigh
    return short_method_title(row.record.method)


def _method_tip(row: RunRow) -> str:
    record = row.record
    if record.baseline:
        return f"Single-task baseline of {record.baseline}, for study {record.study}"
    return method_title(record.method) + (f" · study {record.study}" if record.study is not None else "")


def leading_scores(row: RunRow) -> dict[SeriesKey, float]:
    """Best validation value of each task's score, else of its leading metric, in the experiment's order."""
    return {key: row.metrics[key][0] for key in row.leading}


def _scores(row: RunRow) -> str:
    """The scores with the names of their metrics, as an error and an accuracy look alike."""
    scores = leading_scores(row)
    if not scores:
        return ""
    if same_metric(scores):
        values, metric = list(scores.values()), next(iter(scores)).metric
        if len(values) > _MAX_NAMED_SCORES:
            return f"mean {metric} {format_metric_short(sum(values) / len(values))}"
        return f"{metric} " + " · ".join(format_metric_short(value) for value in values)
    texts = [f"{key.metric} {format_metric_short(value)}" for key, value in scores.items()]
    return " · ".join(texts if len(texts) <= _MAX_NAMED_SCORES else [*texts[:_MAX_NAMED_SCORES], "…"])


def _scores_with_differences(row: RunRow, reference: RunRow) -> str:
    """The scores as :func:`_scores`, of at most two tasks, each with its difference to that of another run."""
    others = leading_scores(reference)
    texts = []
    for key, value in leading_scores(row).items():
        difference = value - others.get(key, math.nan)
        text = f"{key.metric} {format_metric_short(value)}"
        texts.append(text if math.isnan(difference) else f"{text} {format_difference(difference, format_metric_short)}")
    return " · ".join(texts if len(texts) <= _MAX_NAMED_SCORES else [*texts[:_MAX_NAMED_SCORES], "…"])


def format_difference(difference: float, format_number: Callable[[float], str]) -> str:
    """Format a difference with its sign: ``+0.012``, ``−3 s``."""
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    return sign + (format_number(abs(difference)).lstrip("+") or "0")


def _scores_tip(row: RunRow) -> str:
    return "\n".join(
        f"{key.task}: best {key.metric} {format_metric(value)}" for key, value in leading_scores(row).items()
    )


def format_study(record: RunRecord) -> str:
    """The study of a run and its role in it; empty if it belongs to none."""
    if record.study is None:
        return ""
    return f"{record.study} · {f'{record.baseline} alone' if record.baseline else 'all tasks'}"


def _text_column(key: str, title: str, text: Callable[[RunRow], str], **more: object) -> RunColumn:
    return RunColumn(key, title, text, lambda row: text(row).casefold(), **more)  # type: ignore[arg-type]


def _size_text(size: float | None) -> str:
    return "" if size is None else format_size(round(size))


BASE_COLUMNS: tuple[RunColumn, ...] = (
    RunColumn("star", "★", lambda r: "", lambda r: 0.0 if r.record.starred else 1.0, "Starred", width=2.5),
    RunColumn(
        "id", "Run", lambda r: str(r.record.id), lambda r: r.record.id, "Number of the run", True, width=6, name="id",
    ),
    _text_column(
        "name", "Name", lambda r: r.record.name, width=20, name="name", words=lambda r: (r.record.name,),
    ),
    RunColumn(
        "state", "State", lambda r: STATE_LABELS[r.record.state][0], lambda r: list(STATE_LABELS).index(r.record.state),
        width=12, name="state", words=lambda r: (r.record.state,),
    ),
    _text_column(
        "weighting", "Weighting", _method, width=11, tip=_method_tip, name="method", words=lambda r: (r.record.method,)
    ),
    RunColumn(
        "scores", "Best", _scores, lambda row: row.score_order,
        "Best validation value of each task's score, or else of its loss. Sorted metric by metric: by the mean where "
        "all tasks have the same score, else by the first task's", width=24,
        tip=_scores_tip, compare=_scores_with_differences,
    ),
    RunColumn(
        "study", "Study", lambda r: format_study(r.record), lambda r: r.record.study,
        "The study it belongs to, by the number of its first run, and what it trains", shown=False, width=14,
        name="study",
    ),
    _text_column(
        "dataset", "Data", lambda r: r.record.dataset, help="Data set or file", shown=False, width=14,
        name="dataset", words=lambda r: (r.record.dataset,),
    ),
    RunColumn(
        "epochs", "Epochs", _epochs, _epoch, "Epochs done, of those asked for", True, width=9, format=_whole,
    ),
    RunColumn(
        "duration", "Duration", lambda r: format_duration(r.record.seconds), lambda r: r.record.seconds or None,
        "Time spent training", True, width=10, name="seconds", format=format_duration,
    ),
    RunColumn(
        "started", "Started", lambda r: format_timestamp(r.record.started or r.record.created, time.time()),
        lambda r: r.record.started or r.record.created, "When it began", True, width=11,
    ),
    _text_column(
        "tasks", "Tasks", lambda r: ", ".join(r.record.tasks), shown=False, width=14, name="task",
        words=lambda r: r.record.tasks,
    ),
    _text_column(
        "device", "Device", lambda r: r.record.device, shown=False, width=12, name="device",
        words=lambda r: (r.record.device,),
    ),
    _text_column(
        "tags", "Tags", lambda r: ", ".join(r.record.tags), shown=False, width=14, name="tag",
        words=lambda r: r.record.tags,
    ),
    _text_column("notes", "Notes", lambda r: " ".join(r.record.notes.split()), shown=False, width=20),
    RunColumn("seed", "Seed", lambda r: str(r.record.seed), lambda r: r.record.seed, "", True, False, 6, name="seed"),
    RunColumn(
        DELTA_M, "Δm", lambda r: "" if r.delta_m is None else format_relative_change(r.delta_m), lambda r: r.delta_m,
        "Mean relative change of the tasks' test scores against the single-task baselines of the study, positive "
        "where training together is better", True, False, 10, name="delta_m", format=format_relative_change,
        better=lambda row: "max",
    ),
    RunColumn(
        SIZE, "Size", lambda r: _size_text(r.size), lambda r: r.size, "Size of its checkpoints and other files", True,
        False, 10, format=_size_text,
    ),
)  # fmt: skip


def metric_columns(rows: Iterable[RunRow]) -> list[RunColumn]:
    """Columns for every metric that a row has, on every split.

    Each has its best, last, lowest and highest value. All are hidden by default, as runs on other data lack these
    tasks; the column of scores summarizes every run.
    """
    counts: Counter[SeriesKey] = Counter()
    tasks: Counter[str] = Counter()  # most rows first, then in the order of their experiment
    for row in rows:
        counts.update(row.metrics.keys())
        tasks.update(row.record.tasks if row.metrics else ())
    return [
        column
        for task in [*(task for task, _ in tasks.most_common()), TOTAL]
        for key in sorted(key for key in counts if key.task == task)
        for column in _columns_of_series(key)
    ]


def _columns_of_series(key: SeriesKey) -> list[RunColumn]:
    return [_metric_column(key, value) for value in _VALUES]


def _metric_column(key: SeriesKey, which: str) -> RunColumn:
    position = _VALUES.index(which)
    split, default = _SPLIT_TITLES[key.split], "best" if key.split == "val" else "last"
    where = [] if key.split == "val" else [key.split if key.split == "test" else "training"]
    notes = ", ".join([*where, *([] if which == default else [which])])
    title = f"{key.task} {key.metric}" + (f" ({notes})" if notes else "")

    def value(row: RunRow) -> float | None:
        values = row.metrics.get(key)
        return None if values is None else values[position]

    def better(row: RunRow) -> str:
        values = row.metrics.get(key)
        if values is None or values[2] == values[3]:
            return ""
        return "max" if values[0] == values[3] else "min"

    return RunColumn(
        f"{key.task}.{key.split}.{key.metric}.{which}",
        title,
        lambda row: format_metric(value(row)),
        value,
        f"{_VALUE_HELP[which]} {split} {key.metric} of {key.task}",
        True,
        False,
        max(9, len(title) + 1),
        key.task,
        split,
        name=f"{key.split}.{key.task}.{key.metric}.{which}",
        format=format_metric,
        better=better,
    )


def setting_column(path: str) -> RunColumn:
    """The column of a setting, whose values are read once it is shown."""

    def value(row: RunRow) -> float | str | None:
        return row.settings.get(path, "")

    def text(row: RunRow) -> str:
        found = value(row)
        return f"{found:.10g}" if isinstance(found, float) else str(found)

    return RunColumn(
        SETTING_PREFIX + path,
        path,
        text,
        value,
        f"Setting {path}",
        False,
        False,
        max(10, len(path) + 1),
        name=path,
        format=lambda number: f"{number:.4g}",
    )


def sort_order(rows: Sequence[RunRow], column: RunColumn, descending: bool) -> list[int]:
    """Indices of ``rows`` in sorted order; rows without a value come last, and ties keep their order."""
    import numpy as np

    values = [column.value(row) for row in rows]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) == len(values):
        filled = [i for i, text in enumerate(texts) if text]
        filled.sort(key=texts.__getitem__, reverse=descending)
        return filled + [i for i, text in enumerate(texts) if not text]
    if texts:  # a setting that is a number in some runs: those come before the others
        keys = [(isinstance(value, str), value) for value in values]
        present = [i for i, value in enumerate(values) if value not in {None, ""}]
        present.sort(key=keys.__getitem__, reverse=descending)
        shown = set(present)
        return present + [i for i in range(len(values)) if i not in shown]
    numbers = np.array(values, np.float64)  # None becomes NaN
    order: list[int] = np.argsort(-numbers if descending else numbers, kind="stable").tolist()
    return order

"""The columns of the runs table: cell text and sort key."""

from __future__ import annotations

import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.formatting import STATE_LABELS, format_duration, format_metric, format_metric_short, format_timestamp
from app.tables.run_rows import RunRow
from mtl_core.analysis.method_titles import method_title, short_method_title
from mtl_core.spec import TOTAL

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, SeriesKey

_PREFERRED_METRICS = ("accuracy", "r2", "auroc", "f1", "iou", "quadratic_kappa", "loss")
"""Metrics shown for a task whose score is not known or not stored; the first that it has."""
_SIGN, _ALL_BITS = 1 << 63, (1 << 64) - 1
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
        tip: Tooltip of a cell; by default its text.
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
    tip: Callable[[RunRow], str] | None = None


def _epochs(row: RunRow) -> str:
    progress = row.record.progress
    return f"{progress.epoch} / {progress.epochs}" if progress and progress.epochs else ""


def _epoch(row: RunRow) -> float | None:
    return row.record.progress.epoch if row.record.progress else None


def experiment_name(record: RunRecord) -> str:
    """The name of a run's experiment, without the task that ends the name of a baseline."""
    return record.name.removesuffix(f" · {record.baseline} alone") if record.baseline else record.name


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
    scores: dict[SeriesKey, float] = {}
    for task in row.record.tasks:
        own = {key.metric: key for key in row.metrics if key.task == task and key.split == "val"}
        marked = row.scores.get(task, "")
        if name := marked if marked in own else _preferred_metric(own):
            scores[own[name]] = row.metrics[own[name]][0]
    return scores


def _scores(row: RunRow) -> str:
    """The scores with the names of their metrics, as an error and an accuracy look alike."""
    scores = leading_scores(row)
    if not scores:
        return ""
    if _same_metric(scores):
        values, metric = list(scores.values()), next(iter(scores)).metric
        if len(values) > _MAX_NAMED_SCORES:
            return f"mean {metric} {format_metric_short(sum(values) / len(values))}"
        return f"{metric} " + " · ".join(format_metric_short(value) for value in values)
    texts = [f"{key.metric} {format_metric_short(value)}" for key, value in scores.items()]
    return " · ".join(texts if len(texts) <= _MAX_NAMED_SCORES else [*texts[:_MAX_NAMED_SCORES], "…"])


def _score_sort_key(row: RunRow) -> str:
    """Sort key by metric, then by the mean of all tasks, or by the first task if their metrics differ."""
    scores = leading_scores(row)
    if not scores:
        return ""
    key, value = next(iter(scores.items()))
    mean = sum(scores.values()) / len(scores) if _same_metric(scores) else value
    return f"{key.metric} {_sortable_float(mean)}"


def _sortable_float(value: float) -> str:
    """A text that sorts like the number: its bits, inverted if it is negative."""
    bits = int.from_bytes(struct.pack(">d", value), "big")
    return f"{bits ^ _ALL_BITS if bits >> 63 else bits | _SIGN:016x}"


def _same_metric(scores: Iterable[SeriesKey]) -> bool:
    return len({key.metric for key in scores}) == 1


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


BASE_COLUMNS: tuple[RunColumn, ...] = (
    RunColumn("star", "★", lambda r: "", lambda r: 0.0 if r.record.starred else 1.0, "Starred", width=2.5),
    RunColumn("id", "Run", lambda r: str(r.record.id), lambda r: r.record.id, "Number of the run", True, width=6),
    _text_column("name", "Name", lambda r: r.record.name, width=20),
    RunColumn(
        "state", "State", lambda r: STATE_LABELS[r.record.state][0], lambda r: list(STATE_LABELS).index(r.record.state),
        width=12,
    ),
    _text_column("weighting", "Weighting", _method, width=11, tip=_method_tip),
    RunColumn(
        "scores", "Best", _scores, _score_sort_key,
        "Best validation value of each task's score, or else of its loss. Sorted metric by metric: by the mean where "
        "all tasks have the same score, else by the first task's", width=24,
        tip=_scores_tip,
    ),
    RunColumn(
        "study", "Study", lambda r: format_study(r.record), lambda r: r.record.study,
        "The study it belongs to, by the number of its first run, and what it trains", shown=False, width=14,
    ),
    _text_column("dataset", "Data", lambda r: r.record.dataset, help="Data set or file", shown=False, width=14),
    RunColumn("epochs", "Epochs", _epochs, _epoch, "Epochs done, of those asked for", True, width=9),
    RunColumn(
        "duration", "Duration", lambda r: format_duration(r.record.seconds), lambda r: r.record.seconds or None,
        "Time spent training", True, width=10,
    ),
    RunColumn(
        "started", "Started", lambda r: format_timestamp(r.record.started or r.record.created, time.time()),
        lambda r: r.record.started or r.record.created, "When it began", True, width=11,
    ),
    _text_column("tasks", "Tasks", lambda r: ", ".join(r.record.tasks), shown=False, width=14),
    _text_column("device", "Device", lambda r: r.record.device, shown=False, width=12),
    _text_column("tags", "Tags", lambda r: ", ".join(r.record.tags), shown=False, width=14),
    _text_column("notes", "Notes", lambda r: " ".join(r.record.notes.split()), shown=False, width=20),
    RunColumn("seed", "Seed", lambda r: str(r.record.seed), lambda r: r.record.seed, "", True, False, 6),
)  # fmt: skip


def metric_columns(rows: Iterable[RunRow]) -> list[RunColumn]:
    """Columns for every validation and test metric that a row has: best, last and test value.

    All are hidden by default, as runs on other data lack these tasks; the column of scores summarizes every run.
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


def _preferred_metric(metrics: Iterable[str]) -> str:
    present = set(metrics)
    return next((name for name in _PREFERRED_METRICS if name in present), "")


def _columns_of_series(key: SeriesKey) -> list[RunColumn]:
    name = f"{key.task} {key.metric}"
    if key.split == "test":
        return [_metric_column(key, "last", f"{name} (test)", f"{key.metric} of {key.task} on the test split")]
    return [
        _metric_column(key, "best", name, f"Best validation {key.metric} of {key.task}"),
        _metric_column(key, "last", f"{name} (last)", f"Last validation {key.metric} of {key.task}"),
    ]


def _metric_column(key: SeriesKey, which: Literal["best", "last"], title: str, text: str) -> RunColumn:
    def value(row: RunRow) -> float | None:
        metric = row.metrics.get(key)
        return None if metric is None else metric[0] if which == "best" else metric[1]

    name = f"{key.task}.{key.split}.{key.metric}.{which}"
    return RunColumn(
        name, title, lambda row: format_metric(value(row)), value, text, True, False, max(9, len(title) + 1), key.task
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
    numbers = np.array(values, np.float64)  # None becomes NaN
    order: list[int] = np.argsort(-numbers if descending else numbers, kind="stable").tolist()
    return order

"""The ``runs`` verb: lists thousands of runs within a second."""

import gc
import json
import shutil
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from mtl_core.cli.box_table import format_table
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.json_data import metrics_by_split, record_data, replace_non_finite
from mtl_core.store import RunRecord, SeriesKey, open_store
from mtl_core.text import escape_control_characters, to_printable

_COLUMNS = ("run", "name", "state", "study", "weighting", "epochs", "started", "seconds", "test")
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_LAST = 1  # index into the tuple of best, last, lowest and highest value

Scores = Mapping[SeriesKey, tuple[float, ...]]


def runs(arguments: Namespace) -> int:
    """List runs."""
    gc.disable()  # the process is short, and keeps what it reads
    with open_store(arguments.store, create=arguments.store is None, allow_read_only=True) as store:
        store.reap()
        records = store.runs(archived=arguments.archived, query=arguments.filter)
        metrics, ids = store.score_metrics(records), [record.id for record in records]
        if arguments.json:
            scores = store.scores(ids)
        else:
            metric_names = {metric for by_task in metrics.values() for metric in by_task.values()}
            scores = store.scores(ids, ("test",), metrics=metric_names) if metric_names else {}
        damage = store.damage
    for run, what in sorted(damage.items()):
        print(escape_control_characters(f"run {run} is damaged in the store and left out: {what}"), file=sys.stderr)
    if arguments.json:
        _print_json(records, scores, metrics)
    elif records:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        rows = (_row(record, scores.get(record.id, {}), metrics.get(record.id, {})) for record in records)
        print(format_table(_COLUMNS, rows, shrink="name", width=width))
    else:
        print("no runs; start one with: mtl-workbench train multidigits")
    return SUCCESS


def _print_json(
    records: Sequence[RunRecord], scores: Mapping[int, Scores], metrics: Mapping[int, Mapping[str, str]]
) -> None:
    print('{"runs": [', end="")
    separator = ""
    for record in records:
        run_scores = scores.get(record.id, {})
        last_values = zip(run_scores, map(itemgetter(_LAST), run_scores.values()), strict=True)
        more = {"metrics": metrics_by_split(last_values), "scores": metrics.get(record.id, {})}
        data = record_data(record) | more
        print(separator + _encode(data), end="")
        separator = ", "
    print("]}")


def _encode(data: dict[str, Any]) -> str:
    try:
        text = _ENCODER.encode(data)
    except ValueError:  # NaN or infinity, which JSON cannot represent
        data = replace_non_finite(data)
        text = _ENCODER.encode(data)
    return text if to_printable(text) == text else json.dumps(data)


def _row(record: RunRecord, scores: Scores, metrics: Mapping[str, str]) -> tuple[str, ...]:
    progress = record.progress
    return (
        str(record.id),
        to_printable(record.name),
        record.state,
        "" if record.study is None else str(record.study),
        record.method,
        f"{progress.epoch}/{progress.epochs}" if progress else "",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started)) if record.started else "",
        f"{record.seconds:.0f}",
        to_printable(", ".join(_test_scores(scores, metrics))),
    )


def _test_scores(scores: Scores, metrics: Mapping[str, str]) -> Iterable[str]:
    """Format the test value of each task's score."""
    for task, metric in metrics.items():
        value = scores.get(SeriesKey(task, "test", metric))
        if value is not None:
            yield f"{task} {metric} {value[_LAST]:.4g}"

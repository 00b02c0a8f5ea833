"""Output of one run, and of several runs side by side."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mtl_core.analysis.best_epochs import BestEpoch
from mtl_core.cli.json_data import metrics_by_split, record_data
from mtl_core.cli.output import Table, best_value, format_marked, print_data_notes, print_json, print_out
from mtl_core.protocol.series_names import RESOURCE_SERIES, TRAINING_SERIES
from mtl_core.store import Artifact, EventRecord, RunRecord, Summary


def print_run(
    record: RunRecord,
    spec: dict[str, Any],
    summaries: Sequence[Summary],
    *,
    events: Sequence[EventRecord],
    artifacts: Sequence[Artifact],
    best: Sequence[BestEpoch],
    as_json: bool,
) -> None:
    """Print one run."""
    if as_json:
        event_data = [asdict(event) for event in events]
        files = [asdict(artifact) for artifact in artifacts]
        metrics = metrics_by_split((summary.key, summary.last) for summary in summaries)
        parts = {
            "spec": spec,
            "metrics": metrics,
            "best": _best_epoch_data(best),
            "events": event_data,
            "artifacts": files,
        }
        print_json(record_data(record) | parts)
        return
    print_out(f"run {record.id} · {record.name} · {record.state} · {record.device} · {record.seconds:.1f} s")
    if record.study is not None:
        role = f"baseline of {record.baseline}" if record.baseline else "all tasks"
        print_out(
            f"study {record.study} · {role} · seed {record.seed}; see: mtl-workbench compare study:{record.study}"
        )
    if record.error:
        print_out(record.error)
    table = Table("task", "split", "metric", "last", "best", "at step")
    summaries = [summary for summary in summaries if summary.metric not in RESOURCE_SERIES]
    displayed = [summary for summary in summaries if summary.split != "train" or summary.metric in TRAINING_SERIES]
    for summary in displayed:
        best_value = "" if math.isnan(summary.best) else f"{summary.best:.4g}"
        step = "" if summary.best_step is None else str(summary.best_step)
        table.add_row(summary.task, summary.split, summary.metric, f"{summary.last:.4g}", best_value, step)
    print_out(table)
    if omitted := len(summaries) - len(displayed):
        print_out(f"{omitted} more series of the training; all of them: mtl-workbench show {record.id} --json")
    for epoch_choice in best:
        selection = (
            ""
            if epoch_choice.chosen is None
            else f"; {_selection_rule(epoch_choice)} chose epoch {epoch_choice.chosen}"
        )
        epoch = f"step {epoch_choice.step}" if epoch_choice.epoch is None else f"epoch {epoch_choice.epoch}"
        print_out(f"{epoch_choice.task}: best {epoch_choice.metric} {epoch_choice.value:.4g} at {epoch}{selection}")
    logged_events = [event for event in events if event.kind != "note"]
    for event in logged_events[:-12]:
        if event.kind == "warning":
            print_out(f"warning: {event.message}")
    for event in logged_events[-12:]:
        print_out(f"{time.strftime('%H:%M:%S', time.localtime(event.time))} step {event.step}: {event.message}")
    for artifact in artifacts:
        print_out(f"{artifact.kind}: {artifact.path}")
    print_data_notes([event.message for event in events if event.kind == "note"])


def print_comparison(
    records: Sequence[RunRecord],
    differences: Sequence[dict[str, Any]],
    summaries: Sequence[Summary],
    more: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Print several runs side by side; the best value of each metric is marked.

    ``more`` has the ``best`` epochs by run, the ``studies`` and the paired ``tests`` as plain data.
    """
    rows = _compare_metrics(records, summaries)
    if as_json:
        plain = [{k: v for k, v in row.items() if k != "direction"} for row in rows]
        best = {run: _best_epoch_data(epochs) for run, epochs in more["best"].items()}
        comparison = {"runs": [record_data(r) for r in records], "differences": differences, "metrics": plain}
        print_json(comparison | {"best": best, "studies": more["studies"], "tests": more["tests"]})
        return
    names = [f"run {record.id}" for record in records]
    table = Table("setting", *names, title="What differs")
    for difference in differences:
        table.add_row(difference["path"], *("—" if value is None else str(value) for value in difference["values"]))
    print_out(table if differences else "no settings differ")
    table = Table("task", "metric", *names, title="Test metrics (* best)")
    for row in rows:
        values = [row["values"][record.id] for record in records]
        table.add_row(row["task"], row["metric"], *(format_marked(value, row["best"]) for value in values))
    print_out(table)
    table = Table("task", "metric", *names, title="Best epoch of each task on validation")
    for cells in _epoch_rows(records, more["best"]):
        table.add_row(*cells)
    print_out(table)


def _compare_metrics(records: Sequence[RunRecord], summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    by_key: dict[tuple[str, str], dict[int, Summary]] = {}
    for summary in summaries:
        if summary.split == "test":
            by_key.setdefault((summary.task, summary.metric), {})[summary.run] = summary
    rows = []
    for (task, metric), by_run in by_key.items():
        values = {record.id: by_run[record.id].last if record.id in by_run else None for record in records}
        direction = next(iter(by_run.values())).direction
        best = best_value(values.values(), direction)
        rows.append({"task": task, "metric": metric, "direction": direction, "values": values, "best": best})
    return rows


def _epoch_rows(records: Sequence[RunRecord], best: Mapping[int, Sequence[BestEpoch]]) -> Iterator[list[str]]:
    by_task = {(run, best_epoch.task): best_epoch for run, epochs in best.items() for best_epoch in epochs}
    for task in dict.fromkeys(task for _, task in by_task):
        cells = [by_task.get((record.id, task)) for record in records]
        metric = next(best_epoch.metric for best_epoch in cells if best_epoch is not None)
        yield [
            task,
            metric,
            *(
                "" if best_epoch is None or best_epoch.epoch is None else _format_epochs(best_epoch)
                for best_epoch in cells
            ),
        ]


def _format_epochs(best_epoch: BestEpoch) -> str:
    rule = " by total loss" if best_epoch.missing else ""
    return f"{best_epoch.epoch}" + ("" if best_epoch.chosen is None else f" (chosen {best_epoch.chosen}{rule})")


def _selection_rule(best_epoch: BestEpoch) -> str:
    return f"the total loss, as {best_epoch.missing} never had a value," if best_epoch.missing else "the run's rule"


def _best_epoch_data(epochs: Sequence[BestEpoch]) -> dict[str, dict[str, Any]]:
    return {best_epoch.task: {k: v for k, v in asdict(best_epoch).items() if k != "task"} for best_epoch in epochs}

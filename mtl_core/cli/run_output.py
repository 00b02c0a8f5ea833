"""What is printed of one run, and of several side by side."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mtl_core.analysis.best_epochs import BestEpoch
from mtl_core.cli.output import Table, data_notes, json_object, metrics_by_run, print_out, record_data
from mtl_core.spec import TRAINED
from mtl_core.store import Artifact, EventRecord, RunRecord, Summary


def run(
    record: RunRecord,
    spec: dict[str, Any],
    summaries: Sequence[Summary],
    *,
    events: Sequence[EventRecord],
    artifacts: Sequence[Artifact],
    best: Sequence[BestEpoch],
    as_json: bool,
) -> None:
    """One run."""
    if as_json:
        told = [asdict(event) for event in events]
        files = [asdict(artifact) for artifact in artifacts]
        metrics = metrics_by_run(summaries).get(record.id, {})
        parts = {"spec": spec, "metrics": metrics, "best": _best(best), "events": told, "artifacts": files}
        json_object(record_data(record) | parts)
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
    shown = [s for s in summaries if s.split != "train" or s.metric in TRAINED]
    for s in shown:
        highest = "" if math.isnan(s.best) else f"{s.best:.4g}"
        step = "" if s.best_step is None else str(s.best_step)
        table.add_row(s.task, s.split, s.metric, f"{s.last:.4g}", highest, step)
    print_out(table)
    if left := len(summaries) - len(shown):
        print_out(f"{left} more series of the training; all of them: mtl-workbench show {record.id} --json")
    for one in best:
        chosen = "" if one.chosen is None else f"; {_chooser(one)} chose epoch {one.chosen}"
        epoch = f"step {one.step}" if one.epoch is None else f"epoch {one.epoch}"
        print_out(f"{one.task}: best {one.metric} {one.value:.4g} at {epoch}{chosen}")
    happened = [event for event in events if event.kind != "note"]
    for event in happened[:-12]:
        if event.kind == "warning":
            print_out(f"warning: {event.message}")
    for event in happened[-12:]:
        print_out(f"{time.strftime('%H:%M:%S', time.localtime(event.time))} step {event.step}: {event.message}")
    for artifact in artifacts:
        print_out(f"{artifact.kind}: {artifact.path}")
    data_notes([event.message for event in events if event.kind == "note"])


def comparison(
    records: Sequence[RunRecord],
    differences: Sequence[dict[str, Any]],
    summaries: Sequence[Summary],
    more: Mapping[str, Any],
    *,
    as_json: bool,
) -> None:
    """Several runs side by side; the best value of each metric is marked.

    ``more`` holds what else is known: ``best`` epochs by run, and ``studies`` as plain data.
    """
    rows = _compared(records, summaries)
    if as_json:
        plain = [{k: v for k, v in row.items() if k != "direction"} for row in rows]
        best = {run: _best(epochs) for run, epochs in more["best"].items()}
        told = {"runs": [record_data(r) for r in records], "differences": differences, "metrics": plain}
        json_object(told | {"best": best, "studies": more["studies"]})
        return
    names = [f"run {record.id}" for record in records]
    table = Table("setting", *names, title="What differs")
    for difference in differences:
        table.add_row(difference["path"], *("—" if value is None else str(value) for value in difference["values"]))
    print_out(table if differences else "no settings differ")
    table = Table("task", "metric", *names, title="Test metrics (* best)")
    for row in rows:
        values = [row["values"][record.id] for record in records]
        table.add_row(row["task"], row["metric"], *(_marked(value, row["best"]) for value in values))
    print_out(table)
    table = Table("task", "metric", *names, title="Best epoch of each task on validation")
    for cells in _epoch_rows(records, more["best"]):
        table.add_row(*cells)
    print_out(table)


def _compared(records: Sequence[RunRecord], summaries: Sequence[Summary]) -> list[dict[str, Any]]:
    by_key: dict[tuple[str, str], dict[int, Summary]] = {}
    for s in summaries:
        if s.split == "test":
            by_key.setdefault((s.task, s.metric), {})[s.run] = s
    rows = []
    for (task, metric), found in by_key.items():
        values = {record.id: found[record.id].last if record.id in found else None for record in records}
        direction = next(iter(found.values())).direction
        known = [value for value in values.values() if value is not None and not math.isnan(value)]
        best = (min if direction == "min" else max)(known) if known and direction else None
        rows.append({"task": task, "metric": metric, "direction": direction, "values": values, "best": best})
    return rows


def _epoch_rows(records: Sequence[RunRecord], best: Mapping[int, Sequence[BestEpoch]]) -> Iterator[list[str]]:
    by_task = {(run, one.task): one for run, epochs in best.items() for one in epochs}
    for task in dict.fromkeys(task for _, task in by_task):
        cells = [by_task.get((record.id, task)) for record in records]
        metric = next(one.metric for one in cells if one is not None)
        yield [task, metric, *("" if one is None or one.epoch is None else _epochs(one) for one in cells)]


def _epochs(one: BestEpoch) -> str:
    by = " by total loss" if one.missing else ""
    return f"{one.epoch}" + ("" if one.chosen is None else f" (chosen {one.chosen}{by})")


def _chooser(one: BestEpoch) -> str:
    return f"the total loss, as {one.missing} never had a value," if one.missing else "the run's rule"


def _best(epochs: Sequence[BestEpoch]) -> dict[str, dict[str, Any]]:
    return {one.task: {k: v for k, v in asdict(one).items() if k != "task"} for one in epochs}


def _marked(value: float | None, best: float | None) -> str:
    return "" if value is None else f"{value:.4g}{' *' if value == best else ''}"

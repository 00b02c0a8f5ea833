"""What the verbs print: tables for people, one JSON object for programs."""

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mtl_core.spec import ExperimentSpec, shorten
from mtl_core.store import Artifact, EventRecord, RunRecord, Summary

if TYPE_CHECKING:
    from mtl_core.datasets import Bundled
    from mtl_core.runner.inspection import Inspection
    from mtl_core.training.recording import Progress as RunProgress

_PIPED_WIDTH = 160


def _console() -> Console:
    """Standard output as it is now; tables keep their columns when it is a file or a pipe."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


def _print(what: str | Table) -> None:
    _console().print(what, soft_wrap=isinstance(what, str))


def _table(*columns: str, wrapped: str = "", **options: Any) -> Table:
    """A table whose cells stay on one line, but for one column."""
    table = Table(**options)
    for column in columns:
        table.add_column(column, no_wrap=column != wrapped)
    return table


def json_object(data: Any) -> None:
    """One JSON object on standard output; NaN and infinities as text."""
    print(json.dumps(_finite(data), ensure_ascii=False))


def _finite(data: Any) -> Any:
    match data:
        case dict():
            return {str(key): _finite(value) for key, value in data.items()}
        case list() | tuple():
            return [_finite(value) for value in data]
        case float() if not math.isfinite(data):
            return "NaN" if math.isnan(data) else "Infinity" if data > 0 else "-Infinity"
    return data


@contextmanager
def progress_bar(name: str, *, quiet: bool) -> Iterator[Callable[["RunProgress"], None]]:
    """A progress bar on standard error where that is a terminal, and what feeds it."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]} · {task.fields[rate]:,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        line = bar.add_task(shorten(name, 40), total=None, epoch=0, epochs="?", rate=0.0)

        def show(progress: "RunProgress") -> None:
            bar.update(
                line,
                completed=progress.step,
                total=progress.steps,
                epoch=progress.epoch,
                epochs=progress.epochs,
                rate=progress.samples_per_second,
            )

        yield show


def run_result(result: dict[str, Any], store: str) -> None:
    """How a run ended: a table per task, and where it is kept."""
    _print(f"run {result['run']} {result['state']} on {result['device']} in {result['seconds']:.1f} s")
    _scores(result["test"], "test")
    _print(f"kept in {store}; see: mtl-workbench show {result['run']}")


def scores(data: dict[str, Any], *, as_json: bool) -> None:
    """The metrics of a run on a split."""
    if as_json:
        json_object(data)
    else:
        _scores(data["metrics"], data["split"])
        _print(f"total loss {data['total']:.4g}")


def _scores(scores: dict[str, dict[str, float]], split: str) -> None:
    names = list(dict.fromkeys(metric for metrics in scores.values() for metric in metrics))
    table = Table("task", *(f"{split} {name}" for name in names))
    for task, metrics in scores.items():
        table.add_row(task, *(f"{metrics[name]:.4g}" if name in metrics else "" for name in names))
    if scores:
        _print(table)


def runs(records: Sequence[RunRecord], summaries: Sequence[Summary], *, as_json: bool) -> None:
    """The list of runs."""
    if as_json:
        json_object({"runs": [_record(r) | {"metrics": _metrics(summaries, r.id)} for r in records]})
        return
    if not records:
        _print("no runs; start one with: mtl-workbench train multidigits")
        return
    table = _table("run", "name", "state", "weighting", "epochs", "started", "seconds", "test", wrapped="name")
    for record in records:
        progress = record.progress
        table.add_row(
            str(record.id),
            record.name,
            record.state,
            record.method,
            f"{progress.epoch}/{progress.epochs}" if progress else "",
            time.strftime("%Y-%m-%d %H:%M", time.localtime(record.started)) if record.started else "",
            f"{record.seconds:.0f}",
            _brief(_metrics(summaries, record.id).get("test", {})),
        )
    _print(table)


def _brief(metrics: dict[str, dict[str, float]]) -> str:
    """The first metric of each task that is not a loss."""
    chosen = {task: next((v for m, v in values.items() if m != "loss"), None) for task, values in metrics.items()}
    return ", ".join(f"{task} {value:.4g}" for task, value in chosen.items() if value is not None)


def run(
    record: RunRecord,
    spec: dict[str, Any],
    summaries: Sequence[Summary],
    events: Sequence[EventRecord],
    artifacts: Sequence[Artifact],
    *,
    as_json: bool,
) -> None:
    """One run."""
    if as_json:
        told = [asdict(event) for event in events]
        files = [asdict(artifact) for artifact in artifacts]
        metrics = _metrics(summaries, record.id)
        json_object(_record(record) | {"spec": spec, "metrics": metrics, "events": told, "artifacts": files})
        return
    _print(f"run {record.id} · {record.name} · {record.state} · {record.device} · {record.seconds:.1f} s")
    if record.error:
        _print(record.error)
    table = Table("task", "split", "metric", "last", "best", "at step")
    for s in summaries:
        best = "" if math.isnan(s.best) else f"{s.best:.4g}"
        step = "" if s.best_step is None else str(s.best_step)
        table.add_row(s.task, s.split, s.metric, f"{s.last:.4g}", best, step)
    _print(table)
    for event in events[-12:]:
        _print(f"{time.strftime('%H:%M:%S', time.localtime(event.time))} step {event.step}: {event.message}")
    for artifact in artifacts:
        _print(f"{artifact.kind}: {artifact.path}")


def comparison(
    records: Sequence[RunRecord],
    differences: Sequence[dict[str, Any]],
    summaries: Sequence[Summary],
    *,
    as_json: bool,
) -> None:
    """Several runs side by side; the best value of each metric is marked."""
    rows = _compared(records, summaries)
    if as_json:
        plain = [{k: v for k, v in row.items() if k != "direction"} for row in rows]
        json_object({"runs": [_record(r) for r in records], "differences": differences, "metrics": plain})
        return
    names = [f"run {record.id}" for record in records]
    table = Table("setting", *names, title="What differs")
    for difference in differences:
        table.add_row(difference["path"], *("—" if value is None else str(value) for value in difference["values"]))
    _print(table if differences else "no settings differ")
    table = Table("task", "metric", *names, title="Test metrics (* best)")
    for row in rows:
        values = [row["values"][record.id] for record in records]
        table.add_row(row["task"], row["metric"], *(_marked(value, row["best"]) for value in values))
    _print(table)


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


def _marked(value: float | None, best: float | None) -> str:
    return "" if value is None else f"{value:.4g}{' *' if value == best else ''}"


def datasets(bundled: Sequence["Bundled"], *, as_json: bool) -> None:
    """The bundled data sets."""
    if as_json:
        keys = ("name", "title", "description", "rows", "tasks")
        json_object({"datasets": [{key: getattr(one, key) for key in keys} for one in bundled]})
        return
    table = _table("name", "rows", "tasks", "what it is", wrapped="what it is")
    for one in bundled:
        table.add_row(one.name, str(one.rows), ", ".join(t["name"] for t in one.tasks), one.description)
    _print(table)


def presets(specs: dict[str, ExperimentSpec], *, as_json: bool) -> None:
    """The presets."""
    if as_json:
        json_object({"presets": [{"preset": n, "name": s.name, "tasks": s.task_names} for n, s in specs.items()]})
        return
    table = Table("preset", "name", "tasks", "weighting")
    for name, spec in specs.items():
        table.add_row(name, spec.name, ", ".join(spec.task_names), spec.weighting.kind)
    _print(table)


def inspection(spec: ExperimentSpec, found: "Inspection", *, as_json: bool) -> None:
    """What an experiment would build."""
    model = found.model
    if as_json:
        targets = {name: info.model_dump(mode="json") for name, info in found.targets.items()}
        json_object({"ok": True, "splits": found.splits, "targets": targets, "model": model.model_dump(mode="json")})
        return
    _print(f"{spec.name}: " + ", ".join(f"{name} {rows} rows" for name, rows in found.splits.items()))
    table = Table("layer", "", "output", "parameters")
    table.add_row("input", "", "×".join(map(str, model.input_shape)), "")
    branches = {f"{name}: ": (*model.heads.get(name, ()), model.outputs[name]) for name in spec.task_names}
    for prefix, layers in {"": model.shared, **branches}.items():
        for layer in layers:
            shape = "×".join(map(str, layer.output_shape or ()))
            table.add_row(prefix + layer.title, layer.detail, shape, f"{layer.parameters:,}")
    _print(table)
    shared = model.shared_parameters / max(model.parameters, 1)
    _print(f"{spec.model.sharing.title}: {model.parameters:,} parameters in all, {shared:.0%} of them shared")


def _record(record: RunRecord) -> dict[str, Any]:
    return {"run": record.id, **{k: v for k, v in asdict(record).items() if k != "id"}}


def _metrics(summaries: Sequence[Summary], run: int) -> dict[str, dict[str, dict[str, float]]]:
    """Last values by split, task and metric."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for s in summaries:
        if s.run == run and s.task:
            found.setdefault(s.split, {}).setdefault(s.task, {})[s.metric] = s.last
    return found

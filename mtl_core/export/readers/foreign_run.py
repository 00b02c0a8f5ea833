"""A run of another program, and how it becomes a run of a store."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mtl_core.errors import InputError
from mtl_core.export.series_names import TOTAL, read_names
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.states import EndState
from mtl_core.spec import ExperimentSpec, direction, parse_yaml, spec_from_data
from mtl_core.store import Points, RunStore

TAG = "imported"
_CLASS_METRICS = re.compile(r"(?i)acc|f1|auc|precision|recall|kappa|mcc")


@dataclass(frozen=True)
class ForeignRun:
    """A run of another program.

    Attributes:
        name: Its name.
        source: What it was read from, for the notes.
        points: The points of its series, by the names that the program gave them.
        parameters: Its parameters as text, by name.
        spec: Its experiment as YAML, if this program has exported it.
        state: How it ended.
        started: When it started, in seconds since 1970.
        finished: When it ended, likewise.
        notes: Its notes.
        tags: Its tags.
    """

    name: str
    source: str
    points: Mapping[str, Points]
    started: float
    finished: float
    parameters: Mapping[str, str] = field(default_factory=dict)
    spec: str = ""
    state: EndState = "finished"
    notes: str = ""
    tags: tuple[str, ...] = ()


def add_run(store: RunStore, run: ForeignRun, *, again: bool = False) -> int:
    """Add a run to a store; return its number.

    Its experiment is the exported one, if there is one; otherwise it states the tasks that its series name and a table
    that does not exist, so that the run can be looked at and compared, and not be run again.

    Args:
        store: The store.
        run: The run.
        again: Whether to add a run that the store has already.

    Raises:
        InputError: It has no point, or the store has it already.
    """
    series = {key: run.points[name] for name, key in read_names(run.points).items() if len(run.points[name])}
    if not series:
        raise InputError(run.source, "has no series of numbers", fix="Name another file or folder.")
    exported = _exported_spec(run)
    spec = exported or _stated_spec(run, series)
    copy = {"id": 0, "created": run.started, "seed": spec.training.seed, "baseline": ""}
    if not again and (copies := store.find_copies([copy])):
        found = f"run {copies[0]}"
        raise InputError(
            run.source,
            "is in this store already",
            found=found,
            fix="With --again, the command line imports it once more.",
        )
    return store.add_ended_run(
        spec,
        series,
        _directions(spec, series),
        tags=(TAG, *run.tags),
        columns={
            "name": exported.name if exported else run.name,
            "state": run.state,
            "notes": _notes(run),
            "created": run.started,
            "started": run.started,
            "finished": run.finished,
            "seconds": max(0.0, run.finished - run.started),
        },
    )


def file_time(path: Path) -> float:
    """Return when a file was written, in seconds since 1970."""
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


def _exported_spec(run: ForeignRun) -> ExperimentSpec | None:
    if not run.spec:
        return None
    try:
        return spec_from_data(parse_yaml(run.spec))
    except InputError:  # changed by hand, or of a newer version
        return None


def _stated_spec(run: ForeignRun, series: Mapping[SeriesKey, Points]) -> ExperimentSpec:
    metrics: dict[str, list[str]] = {}
    for task, _, metric in series:
        if task not in ("", TOTAL):
            metrics.setdefault(task, []).append(metric)
    tasks = [
        {"name": task, "kind": "multiclass" if any(map(_CLASS_METRICS.search, own)) else "regression", "target": task}
        for task, own in metrics.items()
    ] or [{"name": "task", "kind": "regression", "target": "task"}]
    dataset: dict[str, Any] = {"kind": "table", "path": Path(run.source).name or "imported", "inputs": ["(not known)"]}
    return spec_from_data({"version": 1, "name": run.name, "dataset": dataset, "tasks": tasks})


def _directions(spec: ExperimentSpec, series: Mapping[SeriesKey, Points]) -> dict[SeriesKey, Direction]:
    tasks = {task.name: task for task in spec.tasks}
    directions: dict[SeriesKey, Direction] = {}
    for key in series:
        task = tasks.get(key.task)
        if task is not None and (key.metric == "loss" or key.metric in task.metrics):
            directions[key] = direction(task, key.metric)
    return directions


def _notes(run: ForeignRun) -> str:
    """Return the notes of the run: its own, where it comes from, and its parameters."""
    lines = [run.notes] if run.notes else []
    lines.append(f"Imported from {run.source}.")
    if run.parameters and not run.spec:
        lines += ["", "Parameters:", "", *(f"- {name}: {value}" for name, value in sorted(run.parameters.items()))]
    return "\n".join(lines)

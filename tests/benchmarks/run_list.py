"""A store of many runs, and the time it takes to list them."""

import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from PySide6.QtCore import Qt

from app.tables import RunsModel, RunsReader, RunsSnapshot
from mtl_core.spec import ExperimentSpec, flatten, spec_from_data, spec_to_data
from mtl_core.store import RunStore, open_store
from mtl_core.store.rows.runs import queued_row, setting_row
from mtl_core.store.tables import RUN, SETTING, SUMMARY, TAG, TASK
from tests.benchmarks.responsiveness import Blocked
from tests.benchmarks.window import Window

TASKS = ("price", "category", "rating")
_METRICS = {"price": ("loss", "rmse", "r2"), "category": ("loss", "accuracy", "f1"), "rating": ("loss", "accuracy")}
_SPLITS = ("val", "test")
_METHODS = ("equal", "uncertainty", "pcgrad", "dwa")
_AT_ONCE = 500


def fill_store(path: Path, runs: int) -> None:
    """Make a store of finished runs with 20 series and all settings each, by plain inserts."""
    remaining = run_rows(runs)
    with open_store(path) as store, store._database.write_transaction() as connection:
        while rows := list(islice(remaining, _AT_ONCE)):
            for table in (RUN, TASK, TAG, SETTING, SUMMARY):
                if inserted := [row for one in rows for row in one[table.name]]:
                    connection.execute(sa.insert(table), inserted)


def run_rows(runs: int) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """The rows of each run, by table; the same at every call."""
    random_ = random.Random(0)
    return (_rows(run, random_) for run in range(1, runs + 1))


def _spec(run: int, random_: random.Random) -> ExperimentSpec:
    kinds = ("regression", "multiclass", "multiclass")
    tasks = [{"name": name, "kind": kind, "target": name} for name, kind in zip(TASKS, kinds, strict=True)]
    return spec_from_data(
        {
            "version": 1,
            "name": f"shop {run % 40}",
            "dataset": {"kind": "table", "path": "shop.csv", "inputs": ["area", "year"]},
            "tasks": tasks,
            "model": {"shared": [{"kind": "linear", "out_features": 2 ** random_.randint(3, 8)}]},
            "weighting": {"kind": random_.choice(_METHODS)},
            "training": {"epochs": random_.randint(5, 50), "seed": run},
        }
    )


def _rows(run: int, random_: random.Random) -> dict[str, list[dict[str, Any]]]:
    data = spec_to_data(_spec(run, random_))
    epochs = data["training"]["epochs"]
    begun = 1.7e9 + 100.0 * run
    progress = {"epoch": epochs, "epochs": epochs, "step": 9 * epochs, "steps": 9 * epochs}
    row = queued_row(data) | {
        "id": run, "state": random_.choice(("finished", "finished", "stopped", "failed")), "device": "CPU · 2 cores",
        "versions": {"python": "3.11", "torch": "2.13"}, "created": begun, "started": begun, "finished": begun + 60,
        "seconds": 60 * random_.random(), "heartbeat": begun + 60, "progress": progress, "folder": str(run),
        "fingerprint": f"{run:064x}", "baseline": "", "notes": "to be repeated" if run % 7 == 0 else "",
    }  # fmt: skip
    tasks = enumerate(data["tasks"])
    return {
        "runs": [row],
        "tasks": [{"run_id": run, "position": i, "name": task["name"], "kind": task["kind"]} for i, task in tasks],
        "tags": [{"run_id": run, "tag": "paper"}] if run % 10 == 0 else [],
        "settings": [setting_row(run, path, value) for path, value in flatten(data).items()],
        "summaries": list(_summaries(run, random_)),
    }  # fmt: skip


def _summaries(run: int, random_: random.Random) -> Iterator[dict[str, Any]]:
    series = [(task, split, metric) for task, metrics in _METRICS.items() for split in _SPLITS for metric in metrics]
    for task, split, metric in [*series, *((task, "train", "loss") for task in TASKS), ("", "train", "lr")]:
        value = random_.random()
        direction = "" if metric == "lr" else "min" if metric in {"loss", "rmse"} else "max"
        best, step = (value, 20) if direction else (None, None)
        yield {
            "run_id": run, "task": task, "split": split, "metric": metric, "direction": direction, "count": 20,
            "last": value, "last_step": 20, "min": value, "max": value, "best": best, "best_step": step,
        }  # fmt: skip


_QUERIES = ("training.epochs>25", "tag:paper state:finished")
LISTINGS: tuple[list[str], ...] = ([], ["--json"], *(["--filter", query] for query in _QUERIES))


TABLE_GOALS = {"list": 0.2, "sort": 0.1, "filter": 0.1}
"""Seconds of processor time in which the table lists, sorts and filters the runs."""
_EXPRESSION = 'weighting.kind == "pcgrad" and category.accuracy > 0.9'
_TRIES = 3


def table_times(store: Path) -> dict[str, float]:
    """Seconds of processor time of the parts of the runs table, each the least of three.

    ``open`` opens the store, ``list`` reads every run, ``read`` also their metrics as the page does, ``sort`` sorts the
    table by a metric, and ``filter`` selects by an expression and puts the runs into the table.
    """
    model, times = RunsModel(), dict[str, list[float]]()

    def clock(part: str, function: Callable[[], Any]) -> Any:
        begun = time.thread_time()
        result = function()
        times.setdefault(part, []).append(time.thread_time() - begun)
        return result

    for _ in range(_TRIES):
        with clock("open", lambda: open_store(store)) as runs:
            gc.collect()
            gc.disable()  # as the reader of the table does
            clock("list", runs.runs)
            gc.enable()
            reader = RunsReader()
            snapshot = clock("read", lambda: _read_all(reader, runs))  # noqa: B023  # called in this turn
            model.set_rows(snapshot.rows)
            column = model.column("price.val.rmse.best")
            for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
                clock("sort", partial(model.sort, column, order))

            def select() -> None:
                filtered = reader.read(runs, _EXPRESSION)  # noqa: B023  # called in this turn
                assert filtered is not None
                model.set_rows(filtered.rows)

            clock("filter", select)
    return {part: min(seconds) for part, seconds in times.items()}


def _read_all(reader: RunsReader, runs: RunStore) -> RunsSnapshot:
    snapshot = reader.read(runs)
    while snapshot is not None and not snapshot.complete:
        snapshot = reader.read(runs)
    assert snapshot is not None
    return snapshot


def list_runs(store: Path, options: list[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of ``mtl-workbench runs`` with some options, its start included."""
    command = [sys.executable, "-m", "mtl_core", "runs", "--store", str(store), *options]
    cpu, begun = _child_seconds(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun, _child_seconds() - cpu


def _child_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@dataclass(frozen=True)
class Listing:
    """The Runs page of a window: seconds until it shows every run with its metrics, and its worst blockages."""

    seconds: float
    worst: tuple[Blocked, ...]


def show_runs(folder: Path, store: Path, runs: int) -> Listing:
    """Open the Runs page of a window that has been idle until then."""
    with Window(folder, store) as window:
        window.wait_for("ready")
        window.ask("watch")
        seconds = window.ask(f"list {runs}")["seconds"]
        worst = window.ask("report")["blocked"]
    return Listing(seconds, tuple(Blocked(**one) for one in worst))

"""MLflow's own store with the same runs and points, read by its client: a yardstick for lists and curves.

Rows are inserted into its tables as plain rows, since its client would take minutes; what is timed goes through its
client alone.
"""

import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import sqlalchemy as sa

from mtl_core.export.trackers.libraries import load_library, quiet_library
from mtl_core.protocol.series_key import SeriesKey
from mtl_core.spec import load_preset
from mtl_core.store import open_store
from mtl_core.store.records import Points
from tests.benchmarks.run_list import run_rows

SERIES, POINTS = 8, 10_000
"""The curves of a run."""
_EXPERIMENT = "0"
_ROWS_AT_ONCE = 50_000
_SHOWN_RUNS = 100
"""Runs that a page of MLflow asks for at a time."""
_TRIES = 3
_METRIC = "category.val.accuracy"
_METHOD = "weighting.kind"


def list_times(database: Path, runs: int) -> dict[str, float]:
    """Seconds of processor time of MLflow's client with the runs of :func:`tests.benchmarks.run_list.fill_store`.

    ``list`` reads every run; ``sort`` and ``filter`` read the first hundred by a metric, and of those that an
    expression selects.
    """
    with quiet_library():
        client = _client(database)
        _insert(database, (_tables(rows) for rows in run_rows(runs)))
        accurate = f"params.`{_METHOD}` = 'pcgrad' and metrics.`{_METRIC}` > 0.9"
        return {
            "list": _fastest(lambda: client.search_runs([_EXPERIMENT], max_results=runs)),
            "sort": _fastest(
                lambda: client.search_runs(
                    [_EXPERIMENT], order_by=[f"metrics.`{_METRIC}` DESC"], max_results=_SHOWN_RUNS
                )
            ),
            "filter": _fastest(lambda: client.search_runs([_EXPERIMENT], accurate, max_results=_SHOWN_RUNS)),
        }


def curve_times(folder: Path, runs: int) -> tuple[float, float]:
    """Seconds of processor time to read every point of some runs: from our store, from MLflow's."""
    steps = np.arange(1, POINTS + 1)
    curves = np.random.default_rng(0).random((SERIES, POINTS))
    with open_store(folder / "curves.sqlite") as store:
        spec = load_preset("multidigits")
        numbers = [store.create_run(spec) for _ in range(runs)]
        for number in numbers:
            store.append(
                number, {SeriesKey(f"task {i}", "train", "loss"): Points(steps, curves[i]) for i in range(SERIES)}
            )
        ours = _fastest(lambda: [store.read(number) for number in numbers])
    with quiet_library():
        database = folder / "curves.db"
        client = _client(database)
        _insert(database, (_curve_tables(run, curves) for run in range(runs)))
        names = [f"task {i}.train.loss" for i in range(SERIES)]
        begun = time.thread_time()
        for run in range(runs):  # once: it takes minutes
            for name in names:
                assert len(client.get_metric_history(_identifier(run), name)) == POINTS
        return ours, time.thread_time() - begun


def _client(database: Path) -> Any:
    """A client of a new database."""
    tracking = load_library("mlflow.tracking")
    client = tracking.MlflowClient(tracking_uri=f"sqlite:///{database}")
    client.search_runs([_EXPERIMENT])
    return client


def _insert(database: Path, batches: Iterable[dict[str, list[dict[str, Any]]]]) -> None:
    models = import_module("mlflow.store.tracking.dbmodels.models")
    engine = sa.create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for tables in batches:
            for name, rows in tables.items():
                table = models.Base.metadata.tables[name]
                for first in range(0, len(rows), _ROWS_AT_ONCE):
                    connection.execute(sa.insert(table), rows[first : first + _ROWS_AT_ONCE])
    engine.dispose()


def _tables(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of MLflow's tables for the rows of one of our runs."""
    run = rows["runs"][0]
    identifier = _identifier(run["id"])
    metrics = [
        _metric(
            identifier,
            ".".join(filter(None, (row["task"], row["split"], row["metric"]))),
            row["last_step"],
            row["last"],
        )
        for row in rows["summaries"]
    ]
    parameters = [{"run_uuid": identifier, "key": row["path"], "value": row["text"]} for row in rows["settings"]]
    return {
        "runs": [_run(identifier, run["name"], run["created"])],
        "params": parameters,
        "metrics": metrics,
        "latest_metrics": metrics,
    }


def _curve_tables(run: int, curves: np.ndarray) -> dict[str, list[dict[str, Any]]]:
    identifier = _identifier(run)
    metrics = [
        _metric(identifier, f"task {i}.train.loss", step, float(value))
        for i, curve in enumerate(curves)
        for step, value in enumerate(curve, 1)
    ]
    return {"runs": [_run(identifier, f"run {run}", 1.7e9)], "metrics": metrics}


def _identifier(run: int) -> str:
    return f"{run:032x}"


def _run(identifier: str, name: str, begun: float) -> dict[str, Any]:
    milliseconds = int(1000 * begun)
    return {
        "run_uuid": identifier, "name": name, "source_type": "LOCAL", "source_name": "", "entry_point_name": "",
        "user_id": "", "status": "FINISHED", "start_time": milliseconds, "end_time": milliseconds + 60_000,
        "source_version": "", "lifecycle_stage": "active", "artifact_uri": "", "experiment_id": int(_EXPERIMENT),
    }  # fmt: skip


def _metric(identifier: str, key: str, step: int, value: float) -> dict[str, Any]:
    return {"run_uuid": identifier, "key": key, "value": value, "timestamp": 1000 * step, "step": step, "is_nan": False}


def _fastest(read: Callable[[], Any]) -> float:
    """Seconds of processor time, the least of three."""
    return min(_seconds(read) for _ in range(_TRIES))


def _seconds(read: Callable[[], Any]) -> float:
    begun = time.thread_time()
    read()
    return time.thread_time() - begun

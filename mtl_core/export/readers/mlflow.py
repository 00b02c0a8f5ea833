"""Runs from a database or a folder of MLflow, by MLflow's own client."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from mtl_core.errors import InputError, shorten
from mtl_core.export.readers.foreign_run import ForeignRun
from mtl_core.export.trackers.libraries import load_library, quiet_library
from mtl_core.export.trackers.mlflow import DATABASE
from mtl_core.export.trackers.tracked_run import SPEC_NAME
from mtl_core.protocol.states import EndState
from mtl_core.store import Points

_STATES: dict[str, EndState] = {"FAILED": "failed", "KILLED": "stopped", "RUNNING": "interrupted"}
_TAG = "tag:"


def find_store(path: Path) -> str:
    """Return the address of MLflow's runs at a path: a database, or a folder of earlier versions; "" if none is there.

    A database may lie in the folder, as ``mlflow.db``; so may a folder ``mlruns``.
    """
    if path.is_file():
        return f"sqlite:///{path.absolute()}" if path.suffix in (".db", ".sqlite") else ""
    if (path / DATABASE).is_file():
        return f"sqlite:///{(path / DATABASE).absolute()}"
    folders = [folder for folder in (path, path / "mlruns") if any(folder.glob("*/meta.yaml"))]
    return folders[0].absolute().as_uri() if folders else ""


def read_runs(path: Path) -> list[ForeignRun]:
    """Read all runs at a path that are not deleted.

    Raises:
        InputError: MLflow cannot read it.
        EnvironmentFault: The extra ``trackers`` is not installed.
    """
    with quiet_library():
        tracking = load_library("mlflow.tracking")
        failure = load_library("mlflow.exceptions").MlflowException
        try:
            client = tracking.MlflowClient(tracking_uri=find_store(path))
            return [_read_run(client, run, path) for run in _runs(client)]
        except failure as error:
            raise InputError(str(path), "cannot be read by MLflow", found=shorten(str(error), 110)) from None


def _runs(client: Any) -> Iterator[Any]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = None
    while experiments:
        page = client.search_runs(experiments, order_by=["attributes.start_time ASC"], page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _read_run(client: Any, run: Any, path: Path) -> ForeignRun:
    info, data = run.info, run.data
    points = {name: _points(client.get_metric_history(info.run_id, name)) for name in data.metrics}
    start = (info.start_time or 0) / 1000
    return ForeignRun(
        name=info.run_name or info.run_id,
        source=f"MLflow: {path}, run {info.run_id}",
        points=points,
        started=start,
        finished=(info.end_time or info.start_time or 0) / 1000,
        parameters=dict(data.params),
        spec=_spec(info.artifact_uri),
        state=_STATES.get(info.status, "finished"),
        notes=data.tags.get("mlflow.note.content", ""),
        tags=tuple(name.removeprefix(_TAG) for name in data.tags if name.startswith(_TAG)),
    )


def _points(history: list[Any]) -> Points:
    values = {metric.step: _value(metric) for metric in sorted(history, key=lambda metric: metric.timestamp)}
    steps = sorted(values)
    return Points.of(steps, [values[step] for step in steps])


def _value(metric: Any) -> float:
    """Return the value of a metric; MLflow's databases keep the largest number for infinity."""
    value = float(metric.value)
    return math.copysign(math.inf, value) if abs(value) >= sys.float_info.max else value


def _spec(artifacts: str) -> str:
    """Return the experiment among the artifacts of a run, if they are files of this machine."""
    address = urlparse(artifacts)
    if address.scheme not in ("", "file"):
        return ""
    try:
        return (Path(unquote(address.path)) / SPEC_NAME).read_text("utf-8")
    except (OSError, ValueError):
        return ""

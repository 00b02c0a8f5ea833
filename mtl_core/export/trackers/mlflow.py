"""Runs in a database of MLflow with a folder of artifacts, by MLflow's own client."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mtl_core.export.trackers.libraries import load_library, quiet_library
from mtl_core.export.trackers.tracked_run import SPEC_NAME, TrackedRun

T = TypeVar("T")

DATABASE = "mlflow.db"
_ARTIFACTS = "artifacts"
_EXPERIMENT = "MTL Workbench"
_METRICS_AT_ONCE, _PARAMETERS_AT_ONCE = 1000, 100  # limits of MLflow
_LONGEST_NAME, _LONGEST_VALUE = 250, 6000
_FORBIDDEN = re.compile(r"[^/\w.\- :]")
_STATES = {"finished": "FINISHED", "failed": "FAILED"}


def write_runs(runs: Iterable[TrackedRun], folder: Path) -> None:
    """Write runs: settings as parameters, series as metrics, the experiment and the files as artifacts.

    Raises:
        EnvironmentFault: The extra ``trackers`` is not installed.
    """
    with quiet_library():
        tracking = load_library("mlflow.tracking")
        client = tracking.MlflowClient(tracking_uri=f"sqlite:///{(folder / DATABASE).absolute()}")
        location = (folder / _ARTIFACTS).absolute().as_uri()
        experiment = client.create_experiment(_EXPERIMENT, artifact_location=location)
        for run in runs:
            _write_run(client, experiment, run)


def _write_run(client: Any, experiment: str, run: TrackedRun) -> None:
    entities = load_library("mlflow.entities")
    tags = {"mlflow.note.content": run.record.notes, "method": run.record.method, "dataset": run.record.dataset}
    tags |= {f"tag:{tag}": "true" for tag in run.record.tags}
    names = _allowed_names(tags)
    created = client.create_run(
        experiment,
        start_time=_milliseconds(run.start),
        run_name=run.title,
        tags={names[name]: value[:_LONGEST_VALUE] for name, value in tags.items()},
    )
    number: str = created.info.run_id
    names = _allowed_names(run.parameters)
    parameters = [entities.Param(names[path], str(value)[:_LONGEST_VALUE]) for path, value in run.parameters.items()]
    for batch in _batches(parameters, _PARAMETERS_AT_ONCE):
        client.log_batch(number, params=batch)
    for batch in _batches(list(_metrics(run, entities.Metric)), _METRICS_AT_ONCE):
        client.log_batch(number, metrics=batch)
    client.log_text(number, run.spec, SPEC_NAME)
    for path in run.files:
        client.log_artifact(number, str(path))
    client.set_terminated(number, _STATES.get(run.record.state, "KILLED"), end_time=_milliseconds(run.end))


def _metrics(run: TrackedRun, metric: Any) -> Iterator[Any]:
    names = _allowed_names(run.series)
    for name, points in run.series.items():
        rows = zip(points.steps.tolist(), points.values.tolist(), run.times(points.steps).tolist(), strict=True)
        yield from (metric(names[name], value, _milliseconds(time), step) for step, value, time in rows)


def _allowed_names(names: Iterable[str]) -> dict[str, str]:
    """Return names that MLflow allows, by the given ones; no two are the same."""
    allowed: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"\.?\[(\d+)\]", r".\1", name)
        base = plain = _FORBIDDEN.sub("_", plain)[:_LONGEST_NAME]
        count = 2
        while plain in allowed.values():
            plain = f"{base[: _LONGEST_NAME - 8]}_{count}"
            count += 1
        allowed[name] = plain
    return allowed


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)

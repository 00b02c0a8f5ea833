"""Runs as event files of TensorBoard, in a folder per run, by TensorBoard's own writer."""

from collections.abc import Iterable
from pathlib import Path

from mtl_core.export.trackers.libraries import load_library
from mtl_core.export.trackers.tracked_run import SPEC_NAME, TrackedRun


def write_runs(runs: Iterable[TrackedRun], folder: Path) -> None:
    """Write runs: each series as scalars, the experiment as a text, its settings and last values as hyperparameters.

    Raises:
        EnvironmentFault: The extra ``trackers`` is not installed.
    """
    for run in runs:
        _write_run(run, folder / run.folder_name)


def _write_run(run: TrackedRun, folder: Path) -> None:
    writer = load_library("tensorboard.summary.writer.event_file_writer").EventFileWriter(str(folder))
    event = load_library("tensorboard.compat.proto.event_pb2").Event
    summary = load_library("tensorboard.compat.proto.summary_pb2").Summary
    hparams = load_library("tensorboard.plugins.hparams.summary_v2")
    texts = load_library("tensorboard.plugins.text.summary_v2")
    try:
        writer.add_event(event(wall_time=run.start, summary=texts.text_pb(SPEC_NAME, run.spec)))
        settings = {path: _plain(value) for path, value in run.parameters.items()}
        hyperparameters = hparams.hparams_pb(settings, trial_id=run.folder_name, start_time_secs=run.start)
        writer.add_event(event(wall_time=run.start, summary=hyperparameters))
        for name, points in run.series.items():
            rows = zip(points.steps.tolist(), points.values.tolist(), run.times(points.steps).tolist(), strict=True)
            for step, value, time in rows:
                scalar = summary(value=[summary.Value(tag=name, simple_value=value)])
                writer.add_event(event(wall_time=time, step=step, summary=scalar))
    finally:
        writer.close()


def _plain(value: object) -> bool | float | str:
    return value if isinstance(value, bool | int | float | str) else str(value)

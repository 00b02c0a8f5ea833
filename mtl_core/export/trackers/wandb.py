"""Runs as offline runs of Weights & Biases, by its own library; ``wandb sync`` sends them if a person wants to."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mtl_core.export.trackers.libraries import load_library, quiet_library
from mtl_core.export.trackers.tracked_run import SPEC_NAME, TrackedRun

_PROJECT = "mtl-workbench"


def write_runs(runs: Iterable[TrackedRun], folder: Path) -> None:
    """Write runs: settings as the configuration, series as the history, last values as the summary.

    Raises:
        EnvironmentFault: The extra ``trackers`` is not installed.
    """
    library = load_library("wandb")
    with quiet_library():
        settings = library.Settings(
            mode="offline",
            console="off",
            silent=True,
            disable_git=True,
            save_code=False,
            x_disable_stats=True,
            x_disable_meta=True,
            x_disable_machine_info=True,
        )
        try:
            for run in runs:
                _write_run(library, settings, folder, run)
        finally:
            library.teardown()


def _write_run(library: Any, settings: Any, folder: Path, run: TrackedRun) -> None:

    written = library.init(
        project=_PROJECT,
        name=run.title,
        notes=run.record.notes,
        tags=[tag[:64] for tag in run.record.tags],
        config=dict(run.parameters),
        dir=str(folder),
        settings=settings,
        reinit="create_new",
    )
    values: dict[int, dict[str, float]] = defaultdict(dict)
    for name, points in run.series.items():
        for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
            values[step][name] = value
    for step in sorted(values):
        written.log(values[step], step=step)
    written.summary.update(dict(run.last))
    (Path(written.dir) / SPEC_NAME).write_text(run.spec, encoding="utf-8")
    written.finish(exit_code=0 if run.record.state == "finished" else 1)

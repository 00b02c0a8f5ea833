"""Python interface: ``mtl_core.train`` runs an experiment in this process, for notebooks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.runner.execution import RunResult, execute
from mtl_core.runner.progress_bar import progress_bar
from mtl_core.store import Points, RunRecord, RunStore, SeriesKey, open_store

if TYPE_CHECKING:
    import pandas as pd

    from mtl_core.spec import ExperimentSpec


@dataclass(frozen=True)
class Run:
    """Handle of a run in a store.

    Attributes:
        id: Number of the run.
        state: State in which it ended.
        test: Test metrics by task.
        error: Reason of a failure, on one line.
        store: URL of the store.
    """

    id: int
    state: str
    test: dict[str, dict[str, float]]
    error: str
    store: str

    def record(self) -> RunRecord:
        """Return the record of the run."""
        with open_store(self.store) as store:
            return store.run(self.id)

    def series(self) -> dict[SeriesKey, Points]:
        """Return every series as NumPy arrays."""
        with open_store(self.store) as store:
            return store.read(self.id)[0]

    def frame(self) -> pd.DataFrame:
        """Return every point as a row ``task, split, metric, step, value``."""
        import pandas as pd

        frames = [
            pd.DataFrame(key._asdict() | {"step": points.steps, "value": points.values})
            for key, points in self.series().items()
        ]
        return pd.concat(frames, ignore_index=True)


def train(spec: ExperimentSpec, store: RunStore | str | Path | None = None, *, progress: bool | None = None) -> Run:
    """Train an experiment in this process and store the run.

    Args:
        spec: The experiment.
        store: A store, its URL or file; the default store without it.
        progress: Whether to show a progress bar; None: only in a terminal or a notebook.

    Returns:
        The run, finished, stopped (Ctrl+C) or failed.

    Raises:
        WorkbenchError: The store cannot be opened.
    """
    if isinstance(store, RunStore):
        return _train(spec, store, progress)
    with open_store(store) as opened_store:
        return _train(spec, opened_store, progress)


def _train(spec: ExperimentSpec, store: RunStore, progress: bool | None) -> Run:
    run = store.create_run(spec)
    with progress_bar(spec.name, enabled=progress) as show:
        result: RunResult = execute(store, run, observer=show)
    return Run(run, result.state, result.test or {}, result.error, store.url)

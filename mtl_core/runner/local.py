"""Training from Python: notebooks and scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_core.runner.execution import Ending, execute
from mtl_core.store import Points, RunRecord, RunStore, SeriesKey, open_store

if TYPE_CHECKING:
    import pandas as pd

    from mtl_core.spec import ExperimentSpec


@dataclass(frozen=True)
class Run:
    """A run in a store, as Python sees it.

    Attributes:
        id: Its number.
        state: How it ended.
        test: Test metrics by task.
        error: Why it failed, one line.
        store: The store's URL.
    """

    id: int
    state: str
    test: dict[str, dict[str, float]]
    error: str
    store: str

    def record(self) -> RunRecord:
        """The run's row."""
        with open_store(self.store) as store:
            return store.run(self.id)

    def series(self) -> dict[SeriesKey, Points]:
        """Every series as NumPy arrays."""
        with open_store(self.store) as store:
            return store.read(self.id)[0]

    def frame(self) -> pd.DataFrame:
        """Every point as a row ``task, split, metric, step, value``."""
        import pandas as pd

        frames = [
            pd.DataFrame(
                {
                    "task": key.task,
                    "split": key.split,
                    "metric": key.metric,
                    "step": points.steps,
                    "value": points.values,
                }
            )
            for key, points in self.series().items()
        ]
        return pd.concat(frames, ignore_index=True)


def train(spec: ExperimentSpec, store: RunStore | str | Path | None = None) -> Run:
    """Train an experiment in this process and keep the run.

    Args:
        spec: The experiment.
        store: A store, its URL or file; the default store without it.

    Returns:
        The run, finished, stopped (Ctrl+C) or failed.

    Raises:
        WorkbenchError: The store cannot be opened.
    """
    if isinstance(store, RunStore):
        return _train(spec, store)
    with open_store(store) as opened:
        return _train(spec, opened)


def _train(spec: ExperimentSpec, store: RunStore) -> Run:
    run = store.create_run(spec)
    ending: Ending = execute(store, run)
    return Run(run, ending.state, ending.test or {}, ending.error, store.url)

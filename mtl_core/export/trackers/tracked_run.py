"""A run as trackers see it: parameters by name, series by name, and a time for each step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtl_core.export.series_names import name_series
from mtl_core.spec import dump_spec, flatten, spec_to_data
from mtl_core.store import Points, RunRecord, RunStore

SPEC_NAME = "experiment.yaml"
"""The file with the experiment of a run, among what a tracker keeps of it."""


@dataclass(frozen=True)
class TrackedRun:
    """A run as trackers see it.

    Attributes:
        record: Its record.
        parameters: The settings of its experiment, by path.
        spec: Its experiment as YAML.
        series: The points by name, as :func:`mtl_core.export.series_names.name_series` gives it.
        last: The last value of each series on validation and test rows.
        known: Steps, and the seconds since 1970 at which they were done, as far as known; both ascending.
        files: Its files that are there.
    """

    record: RunRecord
    parameters: Mapping[str, object]
    spec: str
    series: Mapping[str, Points]
    last: Mapping[str, float]
    known: tuple[NDArray[np.int64], NDArray[np.float64]]
    files: tuple[Path, ...]

    @property
    def title(self) -> str:
        """The name and number of the run."""
        return f"{self.record.name} {self.record.id}"

    @property
    def folder_name(self) -> str:
        """The number and name of the run as the name of a folder."""
        return f"run-{self.record.id}"

    @property
    def start(self) -> float:
        """When the run started, in seconds since 1970."""
        return self.record.started or self.record.created

    @property
    def end(self) -> float:
        """When the run ended, or was last heard of, in seconds since 1970."""
        return self.record.finished or self.record.heartbeat or self.start

    def times(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the seconds since 1970 of steps, interpolated between those at which they are known."""
        times: NDArray[np.float64] = np.interp(steps, *self.known)
        return times


def read_run(store: RunStore, run: int) -> TrackedRun:
    """Read a run of a store.

    Raises:
        InputError: There is no such run.
        StoreError: It is damaged.
    """
    record, spec = store.run(run), store.spec(run)
    points = store.read(run)[0]
    series = {name_series(key): values for key, values in points.items()}
    last = {name_series(key): float(values.values[-1]) for key, values in points.items() if key.split != "train"}
    known = sorted({(event.step, event.time) for event in store.events(run)})
    steps = np.array([0, *(step for step, _ in known)])
    times = np.maximum.accumulate([record.started or record.created, *(time for _, time in known)])
    files = tuple(path for path in (Path(artifact.path) for artifact in store.artifacts(run)) if path.is_file())
    return TrackedRun(record, flatten(spec_to_data(spec)), dump_spec(spec), series, last, (steps, times), files)

"""Interface between training loop and storage: records of series, events, progress and checkpoints; requests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mtl_core.protocol.events import Event
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import Request
from mtl_core.protocol.series_key import Direction, SeriesKey

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


class Recorder(Protocol):
    """Stores what a run reports, and passes requests on to it."""

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Store new points of series; ``directions`` gives the direction of each metric."""

    def event(self, event: Event) -> None:
        """Store an event; it changes nothing else."""

    def set_paused(self, paused: bool) -> None:
        """Store whether the run is paused."""

    def progress(self, progress: Progress) -> None:
        """Store the progress."""

    def checkpoint(self, kind: Literal["best", "last", "step"], path: Path, step: int) -> None:
        """Store the path of a saved checkpoint."""

    def snapshot(self, path: Path, step: int) -> None:
        """Store the path of a saved snapshot of the validation after a step."""

    def requests(self) -> Sequence[Request]:
        """Return the requests since the last call."""

"""What the training loop hands out and takes in; it knows nothing of who keeps it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from mtl_core.protocol.events import Event
from mtl_core.protocol.progress import Progress
from mtl_core.protocol.requests import Request

SeriesKey = tuple[str, str, str]
"""(task, split, metric), e.g. ``("left", "train", "loss")``."""

Steps = NDArray[np.int64]
Values = NDArray[np.float64]
Direction = Literal["min", "max", ""]


class Recorder(Protocol):
    """Whoever keeps what a run reports, and passes on what is asked of it."""

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Keep new points; ``directions`` says which way each metric is better."""

    def event(self, event: Event) -> None:
        """Keep something that happened; it changes nothing else."""

    def set_paused(self, paused: bool) -> None:
        """Keep whether the run waits."""

    def progress(self, progress: Progress) -> None:
        """Keep how far the run is."""

    def checkpoint(self, kind: Literal["best", "last"], path: Path, step: int) -> None:
        """Keep where a checkpoint was saved."""

    def requests(self) -> Sequence[Request]:
        """What was asked since the last call."""

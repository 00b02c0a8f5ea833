"""What the training loop hands out and takes in; it knows nothing of who keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

SeriesKey = tuple[str, str, str]
"""(task, split, metric), e.g. ``("left", "train", "loss")``."""

Steps = NDArray[np.int64]
Values = NDArray[np.float64]
Direction = Literal["min", "max", ""]
EventKind = Literal[
    "start", "note", "epoch", "weights", "pause", "resume", "stop", "nan", "warning", "kept", "finish", "error"
]


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        epoch: Epochs completed, of ``epochs``.
        step: Steps done, of ``steps``.
        samples_per_second: Training rows a second of late, averaged over half a minute.
        eta_seconds: Expected time to the end at that speed.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    samples_per_second: float
    eta_seconds: float


@dataclass(frozen=True)
class Request:
    """Something asked of a run: ``pause resume stop checkpoint weights``."""

    kind: str
    payload: Mapping[str, Any]


class Recorder(Protocol):
    """Whoever keeps what a run reports, and passes on what is asked of it."""

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Keep new points; ``directions`` says which way each metric is better."""

    def event(self, step: int, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Keep something that happened."""

    def progress(self, progress: Progress) -> None:
        """Keep how far the run is."""

    def checkpoint(self, kind: Literal["best", "last"], path: Path, step: int) -> None:
        """Keep where a checkpoint was saved."""

    def requests(self) -> Sequence[Request]:
        """What was asked since the last call."""

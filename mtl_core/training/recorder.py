"""Interface between training loop and storage: records of series, events, progress and checkpoints; requests."""

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
    """Progress of a run.

    Attributes:
        epoch: Epochs completed, of ``epochs``.
        step: Steps done, of ``steps``.
        samples_per_second: Training rows per second, averaged over the last half minute.
        eta_seconds: Expected remaining time at that throughput.
    """

    epoch: int
    epochs: int
    step: int
    steps: int
    samples_per_second: float
    eta_seconds: float


@dataclass(frozen=True)
class Request:
    """A request to a run; its kind is ``pause``, ``resume``, ``stop``, ``checkpoint`` or ``weights``."""

    kind: str
    payload: Mapping[str, Any]


class Recorder(Protocol):
    """Stores what a run reports, and passes requests on to it."""

    def points(self, points: Mapping[SeriesKey, tuple[Steps, Values]], directions: Mapping[str, Direction]) -> None:
        """Store new points of series; ``directions`` gives the direction of each metric."""

    def event(self, step: int, kind: EventKind, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Store an event."""

    def progress(self, progress: Progress) -> None:
        """Store the progress."""

    def checkpoint(self, kind: Literal["best", "last"], path: Path, step: int) -> None:
        """Store the path of a saved checkpoint."""

    def requests(self) -> Sequence[Request]:
        """Return the requests since the last call."""

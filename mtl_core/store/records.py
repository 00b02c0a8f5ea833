"""Frozen records that the store returns, independent of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl_core.protocol.progress import Progress
from mtl_core.protocol.series_key import Direction, SeriesKey
from mtl_core.protocol.states import END_STATES, LIVE_STATES, RESUMABLE_STATES, RunState

if TYPE_CHECKING:  # importing the message classes would slow down listing runs
    from mtl_core.protocol.events import Event
    from mtl_core.protocol.requests import Request


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one series, in the order in which they were written.

    Attributes:
        steps: int64 array of shape ``[N]``: the optimizer step of each point.
        values: float64 array of shape ``[N]``; NaN and infinities are kept.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.steps.ndim != 1 or self.steps.shape != self.values.shape:
            raise ValueError(
                f"steps and values must be one-dimensional and of equal length, "
                f"found shapes {self.steps.shape} and {self.values.shape}"
            )

    @classmethod
    def of(cls, steps: ArrayLike, values: ArrayLike) -> Self:
        """Create points from anything that NumPy can convert to arrays."""
        return cls(np.asarray(steps, np.int64), np.asarray(values, np.float64))

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class Cursor:
    """Position of a reader in the series of a run; opaque, to be passed to the next ``RunStore.read``.

    Attributes:
        run: The run.
        reset: Whether points read earlier have been dropped since (the run was resumed from a checkpoint): the points
            returned with this cursor are those of the whole run and replace all that were read before.
        rewinds: How often points of the run had been dropped at that time.
        chunk: Id of the newest chunk that was read.
        counts: Number of points of each series that were read.
    """

    run: int
    reset: bool = False
    rewinds: int = 0
    chunk: int = 0
    counts: Mapping[SeriesKey, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """One run: an execution of an experiment.

    All times are seconds since 1970 (UTC), as of ``time.time()``; None if not reached yet.

    Attributes:
        id: Number of the run in its store, from 1 on.
        name: Name of the experiment, or the one that a person gave the run.
        state: One of :data:`mtl_core.protocol.states.RUN_STATES`.
        method: Kind of the weighting, e.g. ``"uncertainty"``.
        dataset: Name of the bundled data set or of the file.
        tasks: Names of the tasks, in the order of the spec.
        seed: Seed of the run.
        device: Device it runs or ran on, as shown to people; ``""`` before it starts.
        versions: Versions of the libraries it ran with.
        fingerprint: Digest of the data it was trained on; ``""`` while unknown.
        created: When it was created.
        started: When it first started.
        finished: When it ended.
        seconds: Time spent training, over all resumptions.
        heartbeat: Time of the last heartbeat of its process.
        progress: Its progress, or None before the first report.
        pid: Number of its process, on ``host``.
        host: The machine it runs or ran on.
        error: Reason of a failure, on one line.
        tags: Its tags, sorted.
        notes: Its notes, free text.
        starred: Whether a person has starred it.
        archived: Whether a person has archived it.
        parent: The run that it repeats, or None.
        study: Number of its study, which is that of the first run of the study; or None.
        baseline: Its task if it is a single-task baseline of its study; ``""`` for a run of all tasks.
    """

    id: int
    name: str
    state: RunState
    method: str
    dataset: str
    tasks: tuple[str, ...]
    seed: int
    device: str
    versions: Mapping[str, str]
    fingerprint: str
    created: float
    started: float | None
    finished: float | None
    seconds: float
    heartbeat: float | None
    progress: Progress | None
    pid: int | None
    host: str
    error: str
    tags: tuple[str, ...]
    notes: str
    starred: bool
    archived: bool
    parent: int | None
    study: int | None = None
    baseline: str = ""

    @property
    def is_live(self) -> bool:
        """Whether a process trains the run or has paused it."""
        return self.state in LIVE_STATES

    @property
    def has_ended(self) -> bool:
        """Whether the run has ended; it can continue only if it is resumed."""
        return self.state in END_STATES

    @property
    def is_resumable(self) -> bool:
        """Whether the run has ended before its training was complete."""
        return self.state in RESUMABLE_STATES


@dataclass(frozen=True)
class EventRecord:
    """Row of an event of a run.

    Attributes:
        id: Increases with every event of the store; pass the last one to ``events(after=…)``.
        run: The run.
        step: Optimizer step at which it happened.
        kind: An ``EventKind``; rows of other versions may have others.
        message: Description for people.
        data: Data of the kind; parsed by ``content``.
        time: When it happened, in seconds since 1970.
    """

    id: int
    run: int
    step: int
    kind: str
    message: str
    data: Mapping[str, Any]
    time: float

    @cached_property
    def content(self) -> "Event | None":
        """The parsed event; None if its kind is unknown to this version, or its data is damaged."""
        from mtl_core.protocol.events import read_event

        return read_event(self.step, self.kind, self.message, self.data)


@dataclass(frozen=True)
class RequestRecord:
    """Row of a request to a run.

    Attributes:
        id: Increases with every request.
        run: The run.
        kind: A ``RequestKind``; rows of other versions may have others.
        payload: Arguments of the request, e.g. ``{"weights": {"left": 2.0}}``; parsed by ``content``.
        time: When it was made, in seconds since 1970.
    """

    id: int
    run: int
    kind: str
    payload: Mapping[str, Any]
    time: float

    @cached_property
    def content(self) -> "Request | None":
        """The parsed request; None if its kind is unknown to this version, or its payload is damaged."""
        from mtl_core.protocol.requests import read_request

        return read_request(self.kind, self.payload)


@dataclass(frozen=True)
class Artifact:
    """A file of a run, such as a checkpoint.

    Attributes:
        id: Id of the artifact.
        run: The run.
        kind: Kind of the file, e.g. ``"checkpoint:best"``.
        path: Absolute path.
        data: Data about it, e.g. ``{"step": 400}``.
        time: When it was last written, in seconds since 1970.
    """

    id: int
    run: int
    kind: str
    path: str
    data: Mapping[str, Any]
    time: float


@dataclass(frozen=True)
class Summary:
    """Summary of a series.

    Attributes:
        run: The run.
        task: Name of the task, ``"total"`` or ``""``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        metric: Name of the metric.
        direction: ``"min"`` or ``"max"`` if lower or higher values are better, else ``""``.
        count: Number of points.
        last: The last value, NaN and infinities included.
        last_step: The step of the last value.
        min: The lowest value that is not NaN; NaN if there is none.
        max: The highest value that is not NaN; NaN if there is none.
        best: ``min`` or ``max`` by direction; NaN without a direction.
        best_step: The first step with the best value, or None.
    """

    run: int
    task: str
    split: str
    metric: str
    direction: Direction
    count: int
    last: float
    last_step: int
    min: float
    max: float
    best: float
    best_step: int | None

    @property
    def key(self) -> SeriesKey:
        """The key of the series."""
        return SeriesKey(self.task, self.split, self.metric)

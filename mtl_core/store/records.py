"""What the store hands out: frozen records that know nothing of the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mtl_core.protocol.progress import Progress

if TYPE_CHECKING:  # whoever only reads runs need not wait for the classes of the messages
    from mtl_core.protocol.events import Event
    from mtl_core.protocol.requests import Request

RunState = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]
EndState = Literal["finished", "stopped", "failed", "interrupted"]
Direction = Literal["min", "max", ""]

RUN_STATES: tuple[RunState, ...] = get_args(RunState)
END_STATES: tuple[EndState, ...] = get_args(EndState)
LIVE_STATES: tuple[RunState, ...] = ("running", "paused")


class SeriesKey(NamedTuple):
    """The name of one series of a run, e.g. ``SeriesKey("left", "val", "accuracy")``.

    Attributes:
        task: Name of the task, ``"total"``, or ``""`` for what belongs to no task (the learning rate).
        split: ``"train"``, ``"val"`` or ``"test"``.
        metric: ``"loss"``, ``"weight"``, ``"lr"``, ``"accuracy"``, …
    """

    task: str
    split: str
    metric: str


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one series, in the order in which they were written.

    Attributes:
        steps: int64 array of shape ``[N]``: the optimiser step of each point.
        values: float64 array of shape ``[N]``; NaN and infinities are kept as they are.
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
        """Points from anything NumPy can turn into arrays."""
        return cls(np.asarray(steps, np.int64), np.asarray(values, np.float64))

    def __len__(self) -> int:
        return len(self.steps)


@dataclass(frozen=True)
class Cursor:
    """How far a reader of one run has come; opaque, to be handed back to ``RunStore.read``.

    Attributes:
        run: The run it belongs to.
        reset: True when points read earlier have been dropped since (the run went back to a checkpoint): what
            came with this cursor is the whole run and replaces all that was read before.
        rewinds: How often the run had gone back when this was read.
        chunk: The newest chunk seen.
        counts: How many points of each series have been seen.
    """

    run: int
    reset: bool = False
    rewinds: int = 0
    chunk: int = 0
    counts: Mapping[SeriesKey, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """One execution of an experiment, as the store has it.

    All times are seconds since 1970 (UTC), as of ``time.time()``; None where the moment has not come.

    Attributes:
        id: Number of the run in its store, from 1 on.
        name: Name of the experiment, or what a person called the run.
        state: One of ``RUN_STATES``.
        method: Kind of the weighting, e.g. ``"uncertainty"``.
        dataset: Name of the bundled data set or of the file.
        tasks: Names of the tasks, in the order of the spec.
        seed: Seed of the run.
        device: Device it runs or ran on, as shown to people; ``""`` before it starts.
        versions: Versions of the libraries it ran with.
        fingerprint: Digest of the data it was trained on; ``""`` while unknown.
        created: When it was asked for.
        started: When it first began.
        finished: When it ended.
        seconds: Time spent training, over all resumptions.
        heartbeat: When its process was last heard of.
        progress: How far it has come, or None before the first report.
        pid: Its process, on ``host``.
        host: The machine it runs or ran on.
        error: Why it failed, in one line.
        tags: Words given to it by people, sorted.
        notes: Free text given to it by people.
        starred: Marked by a person.
        archived: Put away by a person.
        parent: The run it was run again from, or None.
        study: The study it belongs to, named by the number of its first run, or None.
        baseline: The task it trains alone as a single-task baseline of its study; ``""`` for the experiment itself.
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
    def ended(self) -> bool:
        """Whether nothing more will come unless the run is resumed."""
        return self.state in END_STATES

    @property
    def live(self) -> bool:
        """Whether it is running or paused."""
        return self.state in LIVE_STATES

    @property
    def resumable(self) -> bool:
        """Whether it ended before it was finished, so that it may be resumed from its last checkpoint."""
        return self.ended and self.state != "finished"


@dataclass(frozen=True)
class EventRecord:
    """Something that happened in a run, as its row has it.

    Attributes:
        id: Grows with every event of the store; hand the last one seen to ``events(after=…)``.
        run: The run.
        step: Optimiser step at which it happened.
        kind: What happened, an ``EventKind``; rows of other versions may have others.
        message: The same for people.
        data: The same for programs; ``content`` reads it.
        time: When, in seconds since 1970.
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
        """The event; None where it is of a kind that this version does not know, or damaged."""
        from mtl_core.protocol.events import read_event

        return read_event(self.step, self.kind, self.message, self.data)


@dataclass(frozen=True)
class RequestRecord:
    """Something asked of a run, as its row has it.

    Attributes:
        id: Grows with every request.
        run: The run.
        kind: What is asked for, a ``RequestKind``; rows of other versions may have others.
        payload: Its particulars, e.g. ``{"weights": {"left": 2.0}}``; ``content`` reads them.
        time: When it was asked, in seconds since 1970.
    """

    id: int
    run: int
    kind: str
    payload: Mapping[str, Any]
    time: float

    @cached_property
    def content(self) -> "Request | None":
        """The request; None where it is of a kind that this version does not know, or damaged."""
        from mtl_core.protocol.requests import read_request

        return read_request(self.kind, self.payload)


@dataclass(frozen=True)
class Artifact:
    """A file that a run left.

    Attributes:
        id: Number of the artifact.
        run: The run.
        kind: What it is, e.g. ``"checkpoint"``.
        path: Where it is, absolute.
        data: Its particulars, e.g. ``{"step": 400}``.
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
    """One series in one row.

    Attributes:
        run: The run.
        task: Name of the task, ``"total"`` or ``""``.
        split: ``"train"``, ``"val"`` or ``"test"``.
        metric: Name of the metric.
        direction: ``"min"`` or ``"max"`` where one end is better, else ``""``.
        count: Number of points.
        last: The last value, NaN and infinities included.
        last_step: The step of the last value.
        min: The lowest value, NaN passed over; NaN when there is no other.
        max: The highest value, NaN passed over; NaN when there is no other.
        best: ``min`` or ``max`` by direction; NaN without a direction or a number.
        best_step: The first step with the best value, or None without one.
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
        """The series it sums up."""
        return SeriesKey(self.task, self.split, self.metric)

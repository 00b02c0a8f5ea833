"""The events of a run: rows of the store with a step, a kind, a message for the user and data."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from mtl_core.protocol.base import Message, read_message
from mtl_core.spec import DataNote
from mtl_core.spec.weighting.base import Weight

EventKind = Literal[
    "start", "note", "epoch", "weights", "pause", "resume", "stop", "nan", "warning", "kept", "finish", "error",
    "forked", "remark", "checkpoint",
]  # fmt: skip


class _BaseEvent(Message):
    """Base class of events.

    Attributes:
        step: The optimizer step of the event.
        message: The text of the event for the user.
    """

    step: int
    message: str = ""

    def row_data(self) -> dict[str, Any]:
        """The data of the event, as stored in its row."""
        data: BaseModel | None = getattr(self, "data", None)
        return {} if data is None else data.model_dump()


class StartEvent(_BaseEvent):
    """The run begins to train, or is resumed from its checkpoint at ``step``."""

    kind: Literal["start"] = "start"


class NoteEvent(_BaseEvent):
    """A note about the data."""

    kind: Literal["note"] = "note"
    data: DataNote


class EpochEvent(_BaseEvent):
    """An epoch has ended, or early stopping has ended the training."""

    kind: Literal["epoch"] = "epoch"


class WeightsData(Message):
    """Loss weights set by hand.

    Attributes:
        weights: The weight of every task; None if control was returned to the weighting method.
        step: The first step with these weights.
        replayed: Whether the move is in the spec of the run, rather than a request of a person during the run.
    """

    weights: dict[str, Weight] | None
    step: Annotated[int, Field(ge=0)]
    replayed: bool = False


class WeightsEvent(_BaseEvent):
    """The loss weights were set by hand, or returned to the control of the method."""

    kind: Literal["weights"] = "weights"
    data: WeightsData


class PauseEvent(_BaseEvent):
    """The run has paused."""

    kind: Literal["pause"] = "pause"


class ResumeEvent(_BaseEvent):
    """The run continues after a pause, at the same step; a run resumed from a checkpoint records a start instead."""

    kind: Literal["resume"] = "resume"


class StopEvent(_BaseEvent):
    """The run has been stopped by a request."""

    kind: Literal["stop"] = "stop"


class DivergenceData(Message):
    """The task whose loss became NaN or infinite."""

    task: str


class DivergenceEvent(_BaseEvent):
    """A loss became NaN or infinite, which ends the run."""

    kind: Literal["nan"] = "nan"
    data: DivergenceData


class WarningEvent(_BaseEvent):
    """A warning for the user."""

    kind: Literal["warning"] = "warning"


class ForgettingData(Message):
    """The change of the score of an old task in continual learning.

    Attributes:
        task: Name of the task.
        metric: Name of its score metric.
        before: Score of the initial model.
        after: Score of the final model.
        change: Relative change, positive for an improvement; None if the score before is 0.
    """

    task: str
    metric: str
    before: float
    after: float
    change: float | None


class ForgettingEvent(_BaseEvent):
    """The change of the score of an old task by the training."""

    kind: Literal["kept"] = "kept"
    data: ForgettingData


class FinishEvent(_BaseEvent):
    """The run has finished."""

    kind: Literal["finish"] = "finish"


class ForkData(Message):
    """The state with which a fork begins.

    Attributes:
        run: The run that it was saved by; its number in the store in which the fork was made.
        step: Steps done.
        epoch: Epochs done.
        checkpoint: Kind of the checkpoint.
        whole: Whether it holds the whole training state; otherwise only the weights of the model.
    """

    run: int
    step: Annotated[int, Field(ge=0)]
    epoch: Annotated[int, Field(ge=0)]
    checkpoint: str
    whole: bool


class ForkEvent(_BaseEvent):
    """The run begins with the state of another one at ``step``; its history before is a copy of that run's."""

    kind: Literal["forked"] = "forked"
    data: ForkData


class RemarkEvent(_BaseEvent):
    """A note of a person on a step."""

    kind: Literal["remark"] = "remark"


class CheckpointEvent(_BaseEvent):
    """A checkpoint was saved under a name of its own, which later ones do not replace."""

    kind: Literal["checkpoint"] = "checkpoint"


class ErrorData(Message):
    """The traceback of an error."""

    traceback: str


class ErrorEvent(_BaseEvent):
    """The run has failed."""

    kind: Literal["error"] = "error"
    data: ErrorData | None = None


Event = Annotated[
    StartEvent
    | NoteEvent
    | EpochEvent
    | WeightsEvent
    | PauseEvent
    | ResumeEvent
    | StopEvent
    | DivergenceEvent
    | WarningEvent
    | ForgettingEvent
    | FinishEvent
    | ErrorEvent
    | ForkEvent
    | RemarkEvent
    | CheckpointEvent,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def read_event(step: int, kind: str, message: str, data: Any) -> Event | None:
    """Reads an event from its row; None if it is of an unknown kind or damaged."""
    row = {"step": step, "kind": kind, "message": message}
    if kind == "weights" and isinstance(data, dict):
        data = {"step": step, **data}  # older data may lack the step
    return read_message(_ADAPTER, row | {"data": data} if data else row)

"""What happens in a run; each event is a row of the store with a step, a kind, a message for people and data."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from mtl_core.protocol.base import Message, read_message
from mtl_core.spec import DataNote
from mtl_core.spec.weighting.base import Weight

EventKind = Literal[
    "start", "note", "epoch", "weights", "pause", "resume", "stop", "nan", "warning", "kept", "finish", "error"
]


class _Event(Message):
    """What all events have.

    Attributes:
        step: The optimizer step at which it happened.
        message: The same for people.
    """

    step: int
    message: str = ""

    def row_data(self) -> dict[str, Any]:
        """Its data, as they stand in its row."""
        data: BaseModel | None = getattr(self, "data", None)
        return {} if data is None else data.model_dump()


class StartEvent(_Event):
    """The run begins to train, or goes on from its checkpoint at ``step``."""

    kind: Literal["start"] = "start"


class NoteEvent(_Event):
    """Something was found in the data, or decided about it."""

    kind: Literal["note"] = "note"
    data: DataNote


class EpochEvent(_Event):
    """An epoch has ended, or early stopping ends the training."""

    kind: Literal["epoch"] = "epoch"


class WeightsData(Message):
    """Loss weights set by hand.

    Attributes:
        weights: The weight of every task; None where they were given back to the weighting method.
        step: The step from which on they hold.
        replayed: Whether the spec of the run asked for it, not a person during the run.
    """

    weights: dict[str, Weight] | None
    step: Annotated[int, Field(ge=0)]
    replayed: bool = False


class WeightsEvent(_Event):
    """The loss weights were set by hand, or given back to the method."""

    kind: Literal["weights"] = "weights"
    data: WeightsData


class PauseEvent(_Event):
    """The run waits."""

    kind: Literal["pause"] = "pause"


class ResumeEvent(_Event):
    """The run goes on after a pause, at the same step; one that goes back to a checkpoint writes a start instead."""

    kind: Literal["resume"] = "resume"


class StopEvent(_Event):
    """The run has ended because someone asked it to stop."""

    kind: Literal["stop"] = "stop"


class DivergenceData(Message):
    """Whose loss became NaN or infinite."""

    task: str


class DivergenceEvent(_Event):
    """A loss became NaN or infinite, which ends the run."""

    kind: Literal["nan"] = "nan"
    data: DivergenceData


class WarningEvent(_Event):
    """Something that a person should know of."""

    kind: Literal["warning"] = "warning"


class ForgettingData(Message):
    """How the score of an old task has changed.

    Attributes:
        task: Its name.
        metric: Its score.
        before: The score of the model at the beginning.
        after: The score of the model at the end.
        change: The relative change, above 0 for the better; None from a score of 0.
    """

    task: str
    metric: str
    before: float
    after: float
    change: float | None


class ForgettingEvent(_Event):
    """What an old task lost by the training, or gained."""

    kind: Literal["kept"] = "kept"
    data: ForgettingData


class FinishEvent(_Event):
    """The run has trained to its end."""

    kind: Literal["finish"] = "finish"


class ErrorData(Message):
    """Where in the program an error arose."""

    traceback: str


class ErrorEvent(_Event):
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
    | ErrorEvent,
    Field(discriminator="kind"),
]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def read_event(step: int, kind: str, message: str, data: Any) -> Event | None:
    """An event from its row; None where it is of an unknown kind or damaged."""
    row = {"step": step, "kind": kind, "message": message}
    if kind == "weights" and isinstance(data, dict):
        data = {"step": step, **data}  # the step of the row, where data that was written otherwise leaves it out
    return read_message(_ADAPTER, row | {"data": data} if data else row)

"""What is asked of a run while it trains; each request is a row of the store, honored between two steps."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from mtl_core.protocol.base import Message, read_message

RequestKind = Literal["pause", "resume", "stop", "checkpoint", "weights"]


class _Request(Message):
    """What all requests have."""

    def payload(self) -> dict[str, Any]:
        """Its particulars, as they stand in its row."""
        return self.model_dump(mode="json", exclude={"kind"})


class PauseRequest(_Request):
    """Save a checkpoint and wait."""

    kind: Literal["pause"] = "pause"


class ResumeRequest(_Request):
    """Go on after a pause."""

    kind: Literal["resume"] = "resume"


class StopRequest(_Request):
    """End the run and keep what it has."""

    kind: Literal["stop"] = "stop"


class CheckpointRequest(_Request):
    """Save a checkpoint now."""

    kind: Literal["checkpoint"] = "checkpoint"


class WeightsRequest(_Request):
    """Set the loss weights by hand.

    Attributes:
        weights: A weight by task, 1 for a task without one; None gives the weights back to the weighting method.
            The run answers weights out of bounds with a warning.
    """

    kind: Literal["weights"] = "weights"
    weights: dict[str, float] | None


Request = Annotated[
    PauseRequest | ResumeRequest | StopRequest | CheckpointRequest | WeightsRequest, Field(discriminator="kind")
]
_ADAPTER: TypeAdapter[Request] = TypeAdapter(Request)


def read_request(kind: str, payload: Any) -> Request | None:
    """A request from its row; None where it is of an unknown kind or damaged."""
    return read_message(_ADAPTER, payload | {"kind": kind}) if isinstance(payload, dict) else None

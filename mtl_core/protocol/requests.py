"""Requests to a run that trains: rows of the store, which the run honors between two steps."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from mtl_core.protocol.base import Message, read_message

RequestKind = Literal["pause", "resume", "stop", "checkpoint", "weights"]


class _BaseRequest(Message):
    """Base class of requests."""

    def payload(self) -> dict[str, Any]:
        """The fields of the request, as stored in its row."""
        return self.model_dump(mode="json", exclude={"kind"})


class PauseRequest(_BaseRequest):
    """Save a checkpoint and wait."""

    kind: Literal["pause"] = "pause"


class ResumeRequest(_BaseRequest):
    """Continue after a pause."""

    kind: Literal["resume"] = "resume"


class StopRequest(_BaseRequest):
    """End the run early; its results are kept."""

    kind: Literal["stop"] = "stop"


class CheckpointRequest(_BaseRequest):
    """Save a checkpoint now, and keep it under a name of its own, so that a fork can begin with it."""

    kind: Literal["checkpoint"] = "checkpoint"


class WeightsRequest(_BaseRequest):
    """Set the loss weights by hand.

    Attributes:
        weights: Weight of each task, 1 for a task left out; None returns control to the weighting method. The run
            responds to weights out of bounds with a warning.
    """

    kind: Literal["weights"] = "weights"
    weights: dict[str, float] | None


Request = Annotated[
    PauseRequest | ResumeRequest | StopRequest | CheckpointRequest | WeightsRequest, Field(discriminator="kind")
]
_ADAPTER: TypeAdapter[Request] = TypeAdapter(Request)


def read_request(kind: str, payload: Any) -> Request | None:
    """Reads a request from its row; None if it is of an unknown kind or damaged."""
    return read_message(_ADAPTER, payload | {"kind": kind}) if isinstance(payload, dict) else None

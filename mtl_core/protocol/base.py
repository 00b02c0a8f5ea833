"""The base class of messages, and how a message is read."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

M = TypeVar("M")


class Message(BaseModel):
    """Base class of messages between processes: frozen, strict and sent as JSON; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_message(adapter: TypeAdapter[M], data: Any) -> M | None:
    """Reads a message from its JSON data; None if its kind is unknown to this version, or the data damaged."""
    try:
        return adapter.validate_json(json.dumps(data))  # strict Python data would have to hold tuples, not lists
    except (ValidationError, TypeError, ValueError, RecursionError):
        return None

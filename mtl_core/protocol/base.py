"""The base of every message."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

M = TypeVar("M")


class Message(BaseModel):
    """A frozen, strict message that travels as JSON; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_message(adapter: TypeAdapter[M], data: Any) -> M | None:
    """A message from its JSON data; None where the data is of no kind this version knows, or damaged."""
    try:
        return adapter.validate_json(json.dumps(data))  # strict Python data would have to hold tuples, not lists
    except (ValidationError, TypeError, ValueError, RecursionError):
        return None

"""JSON lines between a window and its worker process; free of torch.

The worker writes ``{"id": 0, "ok": true, "value": "ready"}`` once it can answer. Each line of its standard input is a
question of :mod:`mtl_core.protocol.questions`, ``{"id": 7, "ask": "model", …}``; each is answered on its standard
output by ``{"id": 7, "ok": true, "value": …}`` or ``{"id": 7, "ok": false, "error": {"kind", "where", "rule", "found",
"fix"}}``, whose kind is that of the error: ``input``, ``store``, ``worker`` or ``environment``.
"""

import json
import sys
from dataclasses import dataclass
from typing import Any

from mtl_core.errors import (
    EnvironmentFault,
    InputError,
    Problem,
    StoreError,
    WorkbenchError,
    WorkerError,
    environment_fault,
    shorten,
)
from mtl_core.protocol.questions import AnyQuestion, Question, read_question

READY = 0
"""The id of the first line a worker writes."""


def worker_command() -> list[str]:
    """The command that starts a worker."""
    return [sys.executable, "-m", "mtl_core.runner"]


_KINDS: dict[str, type[WorkbenchError]] = {
    "input": InputError,
    "store": StoreError,
    "worker": WorkerError,
    "environment": EnvironmentFault,
}


@dataclass(frozen=True)
class Reply:
    """An answer: a value, or what was wrong."""

    id: int
    value: Any = None
    error: WorkbenchError | None = None


def encode_question(number: int, question: Question[Any]) -> str:
    """A question as one line, with the number that its answer will carry."""
    return json.dumps({**question.model_dump(), "id": number}) + "\n"


def decode_question(data: dict[str, Any]) -> AnyQuestion:
    """The question in a line that has been parsed.

    Raises:
        WorkerError: It is none.
    """
    return read_question({name: value for name, value in data.items() if name != "id"})


def encode_reply(reply: Reply) -> str:
    """An answer as one line."""
    if reply.error is None:
        return json.dumps({"id": reply.id, "ok": True, "value": reply.value}) + "\n"
    kind = next(name for name, kind in _KINDS.items() if isinstance(reply.error, kind))
    error = reply.error.problem
    body = {"kind": kind, "where": error.path, "rule": error.rule, "found": error.found, "fix": error.fix}
    return json.dumps({"id": reply.id, "ok": False, "error": body}) + "\n"


def decode_reply(line: str) -> Reply:
    """An answer from its line.

    Raises:
        ValueError: It is not one.
    """
    try:
        data = json.loads(line)
        if data["ok"]:
            return Reply(data["id"], data["value"])
        error = data["error"]
        problem = Problem(error["where"], error["rule"], error["found"], error["fix"])
        return Reply(data["id"], error=_KINDS[error["kind"]].of([problem]))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a reply: {line[:80]!r}") from error


def shown_error(error: Exception) -> WorkbenchError:
    """An exception as the error that a person is shown; what is none of its kinds is a fault of the worker."""
    if isinstance(error, WorkbenchError):
        return error
    text = shorten(f"{type(error).__name__}: {error}", 300)
    return environment_fault(error) or WorkerError("worker", text, fix="The log file has the details.")

"""Wire protocol between a window and its worker process: requests and replies as JSON lines; free of torch.

The worker writes ``{"id": 0, "ok": true, "value": "ready"}`` once it can answer. Each line of its standard input is a
question of :mod:`mtl_core.protocol.questions`, ``{"id": 7, "ask": "model", …}``; each is answered on its standard
output by ``{"id": 7, "ok": true, "value": …}`` or ``{"id": 7, "ok": false, "error": {"kind", "where", "rule", "found",
"fix"}}``, whose kind is that of the error: ``input``, ``store``, ``worker`` or ``environment``. Before its answer
there may be lines with its progress, ``{"id": 7, "progress": {"what", "share"}}``.
"""

import json
import sys
from dataclasses import asdict, dataclass
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
from mtl_core.protocol.work_progress import WorkProgress

READY_ID = 0
"""Id of the first reply of a worker."""


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
    """A reply: a value or an error, or before it the progress of the answer."""

    id: int
    value: Any = None
    error: WorkbenchError | None = None
    progress: WorkProgress | None = None


def encode_question(number: int, question: Question[Any]) -> str:
    """Encodes a question as one line, with the id that its reply will have."""
    return json.dumps({**question.model_dump(), "id": number}) + "\n"


def decode_question(data: dict[str, Any]) -> AnyQuestion:
    """Decodes a question from the data of its line.

    Raises:
        WorkerError: The data is not a question.
    """
    return read_question({name: value for name, value in data.items() if name != "id"})


def encode_reply(reply: Reply) -> str:
    """Encodes a reply as one line."""
    if reply.progress is not None:
        return json.dumps({"id": reply.id, "progress": asdict(reply.progress)}) + "\n"
    if reply.error is None:
        return json.dumps({"id": reply.id, "ok": True, "value": reply.value}) + "\n"
    kind = next(name for name, kind in _KINDS.items() if isinstance(reply.error, kind))
    error = reply.error.problem
    error_data = {"kind": kind, "where": error.path, "rule": error.rule, "found": error.found, "fix": error.fix}
    return json.dumps({"id": reply.id, "ok": False, "error": error_data}) + "\n"


def decode_reply(line: str) -> Reply:
    """Decodes a reply from its line.

    Raises:
        ValueError: The line is not a reply.
    """
    try:
        data = json.loads(line)
        if "progress" in data:
            progress = WorkProgress(str(data["progress"]["what"]), float(data["progress"]["share"]))
            return Reply(data["id"], progress=progress)
        if data["ok"]:
            return Reply(data["id"], data["value"])
        error = data["error"]
        problem = Problem(error["where"], error["rule"], error["found"], error["fix"])
        return Reply(data["id"], error=_KINDS[error["kind"]].of([problem]))
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a reply: {line[:80]!r}") from error


def to_user_error(error: Exception) -> WorkbenchError:
    """Converts an exception to an error for the user; one of an unexpected type is an error of the worker."""
    if isinstance(error, WorkbenchError):
        return error
    text = shorten(f"{type(error).__name__}: {error}", 300)
    return environment_fault(error) or WorkerError("worker", text, fix="The log file has the details.")

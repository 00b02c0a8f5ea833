"""Worker process: imports torch in advance, then answers requests about specs and trains runs."""

import json
import logging
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TextIO

from mtl_core.errors import WorkbenchError
from mtl_core.protocol.questions import answer_data
from mtl_core.protocol.wire import READY_ID, Reply, decode_question, encode_reply, to_user_error
from mtl_core.protocol.work_progress import WorkProgress, progress_listener
from mtl_core.runner.answers import answer

log = logging.getLogger(__name__)
_REPORT_SECONDS = 0.2


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer questions until there are no more; a window that goes away does not end a run under way."""
    import torch  # noqa: F401  # this is what being warm means

    from mtl_core.runner import execution, inspection  # noqa: F401

    _write(answers, Reply(READY_ID, "ready"))
    inspection.warm_up()
    for line in questions:
        if line.strip():
            _write(answers, _handle_line(line, partial(_write, answers)))


def _handle_line(line: str, report: Callable[[Reply], object]) -> Reply:
    """The reply to a question; ``report`` is called with replies that say how far it is."""
    request_id = -1
    try:
        data = json.loads(line)
        request_id = data["id"]
        question = decode_question(data)
        with progress_listener(_Reports(request_id, report)):
            return Reply(request_id, answer_data(question, answer(question)))
    except WorkbenchError as error:
        return Reply(request_id, error=error)
    except Exception as error:
        log.exception("a question failed: %s", line[:200])
        return Reply(request_id, error=to_user_error(error))


class _Reports:
    """Reports progress a few times a second.

    Args:
        request_id: The id of the question.
        report: Called with the replies.
    """

    def __init__(self, request_id: int, report: Callable[[Reply], object]) -> None:
        self._id = request_id
        self._report = report
        self._next = time.monotonic() + _REPORT_SECONDS

    def __call__(self, progress: WorkProgress) -> None:
        """Report the progress unless another report was made just before."""
        if (now := time.monotonic()) >= self._next:
            self._next = now + _REPORT_SECONDS
            self._report(Reply(self._id, progress=progress))


def _write(replies: TextIO, reply: Reply) -> None:
    try:
        replies.write(encode_reply(reply))
        replies.flush()
    except (BrokenPipeError, ValueError, OSError):
        log.info("the replies are no longer read")


def main() -> None:
    """Serve standard input and output; output of libraries is redirected to standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(process)d %(name)s %(message)s")
    replies, sys.stdout = sys.stdout, sys.stderr
    try:
        serve(sys.stdin, replies)
    except KeyboardInterrupt:
        log.info("interrupted")

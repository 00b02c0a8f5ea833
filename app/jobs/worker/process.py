"""A worker process and the pipes to it."""

import contextlib
import itertools
import os
import queue
import subprocess
import threading
from pathlib import Path
from subprocess import PIPE, Popen, TimeoutExpired
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.settings import home
from mtl_core.protocol.questions import Question
from mtl_core.protocol.wire import Reply, decode_reply, encode_question, worker_command

COMMAND = tuple(worker_command())
_LOG_LIMIT = 1_000_000
_DETACH_SECONDS = 2.0
_numbers = itertools.count(1)


class WorkerProcess(QObject):
    """A process that answers questions as JSON lines; it runs in a session of its own and may outlive this process.

    ``replied(Reply)`` carries an answer, ``exited(int, str)`` the exit status and the last line of the log. Both are
    emitted on the thread of this object. The standard error of the process goes to ``worker.log``.

    Args:
        command: What to run.
        parent: Owner.
    """

    replied = Signal(object)
    exited = Signal(int, str)
    _finished = Signal(int)

    def __init__(self, command: tuple[str, ...] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = home() / "worker.log"
        self._log_start = _rotate(self._log)
        with self._log.open("ab") as log:
            self._process = Popen(
                command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=log,
                encoding="utf-8",
                **_new_session(),
            )
        self.alive = True
        self._finished.connect(self._on_finished)
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"worker-reader-{self.pid}", daemon=True)
        self._writer = threading.Thread(target=self._write, name=f"worker-writer-{self.pid}", daemon=True)
        self._reader.start()
        self._writer.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send(self, question: Question[Any]) -> int:
        """Send a question; return the id that its reply will carry."""
        number = next(_numbers)
        self._lines.put(encode_question(number, question))
        return number

    def close(self) -> None:
        """Close its standard input: an idle process ends, one that trains ends when it is done."""
        self._lines.put(None)

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Wait for the process and its threads to end; return whether they did within ``seconds``."""
        try:
            self._process.wait(seconds)
        except TimeoutExpired:
            return False
        self.close()
        self._reader.join(seconds)
        self._writer.join(seconds)
        return True

    def detach(self) -> None:
        """Let the process outlive this one; the reader thread reaps it if it ends before."""
        self.close()
        self._writer.join(_DETACH_SECONDS)  # what was sent must be written before this process ends

    def _write(self) -> None:
        """Write lines in a thread: a process that loads torch does not read yet, and its pipe holds 64 KiB."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # the process has exited, which the reader reports
            while (line := self._lines.get()) is not None:
                self._process.stdin.write(line)
                self._process.stdin.flush()
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            reply = _decode(line)
            if reply is not None and not self._emit(self.replied, reply):
                return
        self._process.stdout.close()
        self._emit(self._finished, self._process.wait())

    def _emit(self, signal: Any, value: object) -> bool:
        """Emit a signal from the reader thread; return False if this object has been deleted."""
        if not isValid(self):
            return False
        try:
            signal.emit(value)
        except RuntimeError:  # deleted in between, at the end of the program
            return False
        return True

    def _on_finished(self, status: int) -> None:
        self.alive = False
        self.close()
        self.exited.emit(status, self._last_log_line())

    def _last_log_line(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read(_LOG_LIMIT).decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""


def _decode(line: str) -> Reply | None:
    """The reply in a line of output; None if a library printed the line."""
    try:
        return decode_reply(line)
    except ValueError:
        return None


def _rotate(log: Path) -> int:
    """Move a large log aside; return the length of the log now."""
    try:
        size = log.stat().st_size
    except OSError:
        return 0
    if size < _LOG_LIMIT:
        return size
    log.replace(log.with_suffix(".log.1"))
    return 0


def _new_session() -> dict[str, Any]:
    """The arguments of ``Popen`` that put a process into a session of its own, so that signals to this one miss it."""
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        return {"creationflags": flags}
    return {"start_new_session": True}

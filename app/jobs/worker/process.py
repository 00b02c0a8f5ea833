"""One worker process and the two pipes to it."""

import contextlib
import itertools
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.settings import home
from mtl_core.protocol.questions import Question
from mtl_core.protocol.wire import Reply, decode_reply, encode_question, worker_command

COMMAND = tuple(worker_command())
_LOG_LIMIT = 1_000_000
_numbers = itertools.count(1)


class WorkerProcess(QObject):
    """A process that answers JSON lines; it has a session of its own and survives this one.

    ``replied`` carries one ``Reply``; ``died`` the exit status and the last line of its log. Both are emitted
    on the thread this object lives on. What the process says on standard error goes to ``worker.log``.

    Args:
        command: What to run.
        parent: Owner.
    """

    replied = Signal(object)
    died = Signal(int, str)
    _ended = Signal(int)

    def __init__(self, command: tuple[str, ...] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = home() / "worker.log"
        self._log_start = _shorten(self._log)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                **_session_of_its_own(),
            )
        self.alive = True
        self._ended.connect(self._end)
        self._reader = threading.Thread(target=self._listen, name=f"worker-reader-{self.pid}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send(self, question: Question[Any]) -> int:
        """Ask something; returns the id that the reply will carry."""
        number = next(_numbers)
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, ValueError):  # it has died, which the reader is about to say
            self._process.stdin.write(encode_question(number, question))
            self._process.stdin.flush()
        return number

    def close(self) -> None:
        """Tell it that nothing more will be asked: an idle process ends, one that trains ends when it is done."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self, seconds: float) -> bool:
        """Whether it ended within ``seconds``; its reader thread is gone then."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(seconds)
        return True

    def forget(self) -> None:
        """Let it live on after this process; nothing more is heard of it. Its reader buries it if it ends before."""
        self.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            reply = _reply(line)
            if reply is not None and not self._tell(self.replied, reply):
                return
        self._process.stdout.close()
        self._tell(self._ended, self._process.wait())

    def _tell(self, signal: Any, value: object) -> bool:
        if not isValid(self):
            return False
        try:
            signal.emit(value)
        except RuntimeError:  # deleted in between, at the end of the program
            return False
        return True

    def _end(self, status: int) -> None:
        self.alive = False
        self.close()
        self.died.emit(status, self._last_words())

    def _last_words(self) -> str:
        try:
            with self._log.open("rb") as log:
                log.seek(self._log_start)
                lines = log.read(_LOG_LIMIT).decode("utf-8", "replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""


def _reply(line: str) -> Reply | None:
    """The reply that a line holds; None for what a library printed."""
    try:
        return decode_reply(line)
    except ValueError:
        return None


def _shorten(log: Path) -> int:
    """Start the log anew when it has grown large; its length now."""
    try:
        size = log.stat().st_size
    except OSError:
        return 0
    if size < _LOG_LIMIT:
        return size
    log.replace(log.with_suffix(".log.1"))
    return 0


def _session_of_its_own() -> dict[str, Any]:
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        return {"creationflags": flags}
    return {"start_new_session": True}

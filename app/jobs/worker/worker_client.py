"""The warm process that answers questions needing torch, and is the next one to train."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs.callbacks import Done, Failed, call_back
from app.jobs.worker.process import COMMAND, WorkerProcess
from mtl_core.errors import WorkerError
from mtl_core.protocol.questions import Question, read_answer
from mtl_core.protocol.wire import READY_ID, Reply

A = TypeVar("A")
_RESTART_MS = (0, 200, 1000, 3000)
"""Pauses before a process that died without a single answer is started again; after the last the asks fail."""


@dataclass
class _Ask:
    question: Question[Any]
    done: Done | None
    failed: Failed | None
    key: str
    number: int = field(default=-1)


class Worker(QObject):
    """Asks go to one process, one after the other; a process that dies is started again.

    ``ready`` is emitted when a process can answer, ``stopped`` with words when it died.

    Args:
        command: What to run.
        parent: Owner.
    """

    ready = Signal()
    stopped = Signal(str)

    def __init__(self, command: tuple[str, ...] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._process: WorkerProcess | None = None
        self._asks: deque[_Ask] = deque()
        self._deaths = 0
        self._warm = False
        self._closed = False
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._advance)

    @property
    def pid(self) -> int | None:
        """Number of the warm process, if there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, so that it is warm when something is asked."""
        if not self._closed and self._process is None and not self._restart.isActive():
            self._process = WorkerProcess(self._command, self)
            self._process.replied.connect(self._replied)
            self._process.died.connect(self._died)

    def ask(
        self,
        question: Question[A],
        done: Callable[[A], object] | None = None,
        failed: Failed | None = None,
        *,
        key: str = "",
    ) -> None:
        """Ask the worker something.

        Args:
            question: What to ask.
            done: Called with the answer.
            failed: Called with the ``WorkbenchError`` that says why there is no answer.
            key: An ask that has not been sent yet gives way to a later one of the same key.
        """
        if key:
            self._asks = deque(ask for ask in self._asks if ask.key != key or ask.number >= 0)
        self._asks.append(_Ask(question, done, failed, key))
        self._advance()

    def take(self) -> WorkerProcess:
        """Hand over a process to train: the warm one, which another one replaces, or a new one while it is busy.

        What was asked is answered by the process it was asked of: nobody waits longer because a run starts.
        """
        process = self._process
        if process is None or not self._warm or self._asks:
            return WorkerProcess(self._command)
        process.replied.disconnect(self._replied)
        process.died.disconnect(self._died)
        process.setParent(None)
        self._process, self._warm = None, False
        self.start()
        return process

    def close(self, seconds: float = 5.0) -> None:
        """End the process; nothing is answered any more."""
        self._closed = True
        self._restart.stop()
        self._asks.clear()
        if self._process is not None:
            self._process.kill()  # it only answers questions: there is nothing to lose
            self._process.wait(seconds)
            self._process = None

    def _advance(self) -> None:
        if self._closed or not self._asks or self._restart.isActive():
            return
        self.start()
        first = self._asks[0]
        if self._process is not None and first.number < 0:
            first.number = self._process.send(first.question)

    def _replied(self, reply: Reply) -> None:
        if reply.id == READY_ID:
            self._warm = True
            self.ready.emit()
        elif self._asks and reply.id == self._asks[0].number:
            ask = self._asks.popleft()
            self._deaths = 0
            self._advance()
            _answer(ask, reply)

    def _died(self, status: int, words: str) -> None:
        process, self._process = self._process, None
        self._warm = False
        if process is not None:
            process.deleteLater()
        if self._closed:
            return
        text = f"ended with status {status}" + (f": {words}" if words else "")
        self.stopped.emit(text)
        lost = [self._asks.popleft()] if self._asks and self._asks[0].number >= 0 else []
        self._deaths += 1
        if self._deaths < len(_RESTART_MS):
            self._restart.start(_RESTART_MS[self._deaths])
        else:
            lost += self._asks
            self._asks.clear()
            self._deaths = 0
        error = WorkerError("worker", "must stay alive to answer", found=text, fix="It is started again by itself.")
        for ask in lost:
            call_back(ask.failed, error)


def _answer(ask: _Ask, reply: Reply) -> None:
    if reply.error is not None:
        call_back(ask.failed, reply.error)
        return
    try:
        value = read_answer(ask.question, reply.value)
    except ValueError as error:
        call_back(ask.failed, WorkerError("worker", "must give an answer of the agreed form", found=error))
        return
    call_back(ask.done, value)

"""Client of the warm worker process, which answers questions that need torch and is the next one to train."""

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
"""Delays before a process that exited without an answer is restarted; after the last one the questions fail."""


@dataclass
class _PendingQuestion:
    question: Question[Any]
    done: Done | None
    failed: Failed | None
    key: str
    id: int = field(default=-1)
    """Of the reply; -1 while the question is not sent."""


class Worker(QObject):
    """Sends questions to one process, one after the other; a process that exits is restarted.

    ``ready()``: a process can answer. ``stopped(str)``: the process exited, with a message for people.
    ``progressed(str, WorkProgress)``: the progress of the question with this key.

    Args:
        command: What to run.
        parent: Owner.
    """

    ready = Signal()
    stopped = Signal(str)
    progressed = Signal(str, object)

    def __init__(self, command: tuple[str, ...] = COMMAND, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._command = command
        self._process: WorkerProcess | None = None
        self._questions: deque[_PendingQuestion] = deque()
        self._crashes = 0
        self._warm = False
        self._closed = False
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self._advance)

    @property
    def pid(self) -> int | None:
        """Number of the warm process, if there is one."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the process, so that it is warm when a question comes."""
        if not self._closed and self._process is None and not self._restart.isActive():
            self._process = WorkerProcess(self._command, self)
            self._process.replied.connect(self._on_reply)
            self._process.exited.connect(self._on_exit)

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
            key: A question that was not sent yet is replaced by a later one with the same key.
        """
        if key:
            self._questions = deque(q for q in self._questions if q.key != key or q.id >= 0)
        self._questions.append(_PendingQuestion(question, done, failed, key))
        self._advance()

    def cancel(self, key: str) -> bool:
        """Drop the questions with a key, without an answer; whether there was one.

        The process is replaced by a new one if it works on one of them.
        """
        dropped = [question for question in self._questions if question.key == key]
        self._questions = deque(question for question in self._questions if question.key != key)
        if any(question.id >= 0 for question in dropped) and self._process is not None:
            process, self._process, self._warm = self._process, None, False
            process.replied.disconnect(self._on_reply)
            process.exited.disconnect(self._on_exit)
            process.exited.connect(process.deleteLater)
            process.kill()
            self._advance()
            self.start()
        return bool(dropped)

    def take_process(self) -> WorkerProcess:
        """Hand over a process to train: the warm one, which a new one replaces, or a new one while it is busy.

        A busy process keeps its questions, so that no answer takes longer because a run starts.
        """
        process = self._process
        if process is None or not self._warm or self._questions:
            return WorkerProcess(self._command)
        process.replied.disconnect(self._on_reply)
        process.exited.disconnect(self._on_exit)
        process.setParent(None)
        self._process, self._warm = None, False
        self.start()
        return process

    def close(self, seconds: float = 5.0) -> None:
        """End the process; open questions are dropped."""
        self._closed = True
        self._restart.stop()
        self._questions.clear()
        if self._process is not None:
            self._process.kill()  # it only answers questions: there is nothing to lose
            self._process.wait(seconds)
            self._process = None

    def _advance(self) -> None:
        if self._closed or not self._questions or self._restart.isActive():
            return
        self.start()
        first = self._questions[0]
        if self._process is not None and first.id < 0:
            first.id = self._process.send(first.question)

    def _on_reply(self, reply: Reply) -> None:
        if reply.id == READY_ID:
            self._warm = True
            self.ready.emit()
        elif not self._questions or reply.id != self._questions[0].id:
            return
        elif reply.progress is not None:
            self.progressed.emit(self._questions[0].key, reply.progress)
        else:
            question = self._questions.popleft()
            self._crashes = 0
            self._advance()
            _deliver(question, reply)

    def _on_exit(self, status: int, last_line: str) -> None:
        process, self._process = self._process, None
        self._warm = False
        if process is not None:
            process.deleteLater()
        if self._closed:
            return
        text = f"ended with status {status}" + (f": {last_line}" if last_line else "")
        self.stopped.emit(text)
        lost = [self._questions.popleft()] if self._questions and self._questions[0].id >= 0 else []
        self._crashes += 1
        if self._crashes < len(_RESTART_MS):
            self._restart.start(_RESTART_MS[self._crashes])
        else:
            lost += self._questions
            self._questions.clear()
            self._crashes = 0
        error = WorkerError("worker", "must stay alive to answer", found=text, fix="It is started again by itself.")
        for question in lost:
            call_back(question.failed, error)


def _deliver(question: _PendingQuestion, reply: Reply) -> None:
    """Call ``done`` with the answer, or ``failed`` with the error."""
    if reply.error is not None:
        call_back(question.failed, reply.error)
        return
    try:
        value = read_answer(question.question, reply.value)
    except ValueError as error:
        call_back(question.failed, WorkerError("worker", "must give an answer of the agreed form", found=error))
        return
    call_back(question.done, value)

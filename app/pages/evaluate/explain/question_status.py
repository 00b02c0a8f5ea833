"""A line that asks a worker something: how far it is, a link that cancels it, and the error if there is no answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.formatting import format_share
from app.theme import GAP
from app.widgets import InlineError, LinkButton, Muted
from mtl_core.protocol.questions import Question
from mtl_core.protocol.work_progress import WorkProgress

if TYPE_CHECKING:
    from app.jobs.worker.worker_client import Worker

A = TypeVar("A")


class QuestionStatus(QWidget):
    """Asks one question at a time; a later one takes the place of an earlier one, whose answer is dropped.

    ``busyChanged(bool)``: whether an answer is awaited.

    Args:
        worker: Who answers.
        key: The key of the questions, and the objectName.
    """

    busyChanged = Signal(bool)

    def __init__(self, worker: Worker, key: str) -> None:
        super().__init__()
        self.setObjectName(key)
        self._worker, self._key = worker, key
        self._asked = 0
        self._is_busy = False
        self._words = ""
        self.text = Muted(wrap=True)
        self.cancel_link = LinkButton("Cancel", self.cancel, name=f"{key}-cancel")
        self.error = InlineError()
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self.text, 1)
        line.addWidget(self.cancel_link)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(line)
        column.addWidget(self.error)
        worker.progressed.connect(self._on_progress)
        self.clear()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._is_busy

    def ask(self, question: Question[A], done: Callable[[A], object], words: str) -> None:
        """Ask a question.

        Args:
            question: The question.
            done: Called with the answer, unless another question was asked since.
            words: What is being computed.
        """
        self._asked += 1
        number, self._words = self._asked, words
        self.error.set_error("")
        self.text.setText(f"{words}…")
        self._set_busy(busy=True)

        def on_answer(answer: A) -> None:
            if number == self._asked:
                self.clear()
                done(answer)

        def on_error(error: Exception) -> None:
            if number == self._asked:
                self.clear()
                self.error.set_error(str(error), "Try again", lambda: self.ask(question, done, words))
                self.show()

        self._worker.ask(question, on_answer, on_error, key=self._key)

    def cancel(self) -> None:
        """Give up the question; the process that works on it is replaced."""
        self._worker.cancel(self._key)
        self.clear()

    def clear(self) -> None:
        """Show nothing; the answer to a question that was asked is dropped."""
        self._asked += 1
        self.error.set_error("")
        self._set_busy(busy=False)

    def _set_busy(self, *, busy: bool) -> None:
        changed, self._is_busy = busy != self._is_busy, busy
        self.setVisible(busy)
        self.text.setVisible(busy)
        self.cancel_link.setVisible(busy)
        if changed:
            self.busyChanged.emit(busy)

    def _on_progress(self, key: str, progress: Any) -> None:
        if key == self._key and self._is_busy and isinstance(progress, WorkProgress):
            self.text.setText(f"{self._words}: {progress.what} · {format_share(progress.share)}")

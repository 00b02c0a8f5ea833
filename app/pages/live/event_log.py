"""The event log of a run, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy

from app.theme import mono_font
from app.widgets import Card


class LogCard(Card):
    """The events of a run as lines of monospaced text."""

    def __init__(self) -> None:
        super().__init__("Log", "newest first · at most one epoch per second")
        self.setObjectName("live-card-log")
        self._lines: tuple[str, ...] = ()
        self.text = QPlainTextEdit()
        self.text.setObjectName("live-log")
        self.text.setAccessibleName("Log of the run, newest first")
        self.text.setReadOnly(True)
        self.text.setFont(mono_font())
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setStyleSheet("border: none; padding: 0; background: transparent;")
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.text.setMinimumHeight(90)
        self.text.document().setDocumentMargin(0)
        self.text.setPlaceholderText("What happens in the run is noted here.")
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # lines wrap
        self.text.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.body.addWidget(self.text, 1)

    def show_lines(self, lines: Sequence[str]) -> None:
        """Replace the text if it differs, and keep the scroll position."""
        new_lines = tuple(lines)
        if new_lines == self._lines:
            return
        new_count = (
            len(new_lines) - len(self._lines) if self._lines and new_lines[-len(self._lines) :] == self._lines else 0
        )
        self._lines = new_lines
        place = self.text.verticalScrollBar().value()
        self.text.setPlainText("\n".join(new_lines))
        self.text.verticalScrollBar().setValue(place + new_count if place else 0)

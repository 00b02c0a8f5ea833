"""A line edit that can restore its text."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class LineEdit(QLineEdit):
    """A line edit that shows the beginning of a text set by code."""

    def setText(self, text: str | None, /) -> None:
        """Show ``text`` from its beginning."""
        super().setText(text)
        self.setCursorPosition(0)


class TextField(LineEdit):
    """A line edit that commits on Enter or focus loss and restores its text on Escape.

    Args:
        text: Its initial text.
        separators: Characters between values; if given, a double click selects a whole value, such as 0.25.
        parent: Owner.
    """

    def __init__(self, text: str = "", *, separators: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._separators = separators
        self._committed = text
        self.textChanged.connect(self._on_text_changed)
        self.editingFinished.connect(self._commit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore the committed text on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._committed:
            self.setText(self._committed)
            self.selectAll()
            self.textEdited.emit(self._committed)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the value under the mouse."""
        super().mouseDoubleClickEvent(event)
        if self._separators:
            text, position = self.text(), self.cursorPositionAt(event.position().toPoint())
            start, end = position, position
            while start > 0 and text[start - 1] not in self._separators:
                start -= 1
            while end < len(text) and text[end] not in self._separators:
                end += 1
            self.setSelection(start, end - start)

    def _on_text_changed(self, text: str) -> None:
        if not self.isModified():  # set by code, not typed
            self._committed = text

    def _commit(self) -> None:
        self._committed = self.text()
        self.setModified(False)

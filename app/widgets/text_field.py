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
        text: What it shows first.
        separators: Characters between values; with some, a double click selects all of a value, such as 0.25.
        parent: Owner.
    """

    def __init__(self, text: str = "", *, separators: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._separators = separators
        self._before = text
        self.textChanged.connect(self._follow)
        self.editingFinished.connect(self._commit)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape gives back the text from before."""
        if event.key() == Qt.Key.Key_Escape and self.text() != self._before:
            self.setText(self._before)
            self.selectAll()
            self.textEdited.emit(self._before)
        else:
            super().keyPressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select the value under the mouse."""
        super().mouseDoubleClickEvent(event)
        if self._separators:
            text, place = self.text(), self.cursorPositionAt(event.position().toPoint())
            start, end = place, place
            while start > 0 and text[start - 1] not in self._separators:
                start -= 1
            while end < len(text) and text[end] not in self._separators:
                end += 1
            self.setSelection(start, end - start)

    def _follow(self, text: str) -> None:
        if not self.isModified():  # it was set, not typed
            self._before = text

    def _commit(self) -> None:
        self._before = self.text()
        self.setModified(False)

"""Notes in Markdown: shown formatted, edited as text."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QStackedLayout, QTextBrowser, QWidget

_LINES = 6


class MarkdownView(QTextBrowser):
    """Shows Markdown without loading anything: no image, no file, nothing of the network."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Load nothing."""
        return None


class NotesField(QWidget):
    """Formatted notes; a click or Enter on them, or empty notes, show the editor, which leaves by losing the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = QPlainTextEdit(placeholderText="Notes in Markdown")
        self.editor.setObjectName("run-notes")
        self.editor.setAccessibleName("Notes, as Markdown")
        self.editor.setTabChangesFocus(True)
        self.view = MarkdownView()
        self.view.setObjectName("run-notes-view")
        self.view.setAccessibleName("Notes; press Enter to edit")
        self.view.setToolTip("Click to edit")
        self.view.setOpenLinks(False)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.anchorClicked.connect(self._follow)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.editor)
        self._stack.addWidget(self.view)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * _LINES + 12)
        self.editor.installEventFilter(self)
        self.view.installEventFilter(self)
        self.view.viewport().installEventFilter(self)
        self.editor.textChanged.connect(self._render)

    @property
    def is_editing(self) -> bool:
        """Whether the editor is shown although there is text to show."""
        return self._stack.currentWidget() is self.editor and self.editor.hasFocus()

    def edit(self) -> None:
        """Show the editor, with the cursor at the end."""
        self._stack.setCurrentWidget(self.editor)
        self.editor.setFocus()
        self.editor.moveCursor(self.editor.textCursor().MoveOperation.End)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Edit on a click on the text or Enter; show the formatted text when the editor loses the focus."""
        if watched is self.editor and event.type() == QEvent.Type.FocusOut:
            self._render(leaving=True)
        elif watched is self.view.viewport() and isinstance(event, QMouseEvent):
            is_click = event.type() == QEvent.Type.MouseButtonRelease and not self.view.textCursor().hasSelection()
            if is_click and not self.view.anchorAt(event.position().toPoint()):
                self.edit()
        elif watched is self.view and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            starts = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2}
            if starts:
                self.edit()
            return starts
        return False

    def _render(self, *, leaving: bool = False) -> None:
        text = self.editor.toPlainText()
        if self.is_editing and not leaving:
            return
        self.view.setMarkdown(text)
        self._stack.setCurrentWidget(self.view if text.strip() else self.editor)

    def _follow(self, link: QUrl) -> None:
        """Open a web page in the browser; other links are not followed."""
        if link.scheme() in {"http", "https"}:
            QDesktopServices.openUrl(link)

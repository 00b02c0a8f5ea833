"""A toast with an undo button, over the page so that the layout stays."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.theme import CARD_GAP, GAP, PAGE_MARGIN
from app.widgets import Label, LinkButton

SHOWN_MS = 10_000


class UndoToast(QFrame):
    """Shows a message with an undo button for ten seconds at the lower edge of ``page``."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self.setObjectName("undo-toast")
        self.setProperty("role", "toast")
        self._undo: Callable[[], object] | None = None
        self._label = Label()
        self.button = LinkButton("Undo", self._on_undo_clicked, name="undo-archive")
        row = QHBoxLayout(self)
        row.setContentsMargins(CARD_GAP, GAP, CARD_GAP, GAP)
        row.setSpacing(CARD_GAP)
        row.addWidget(self._label)
        row.addWidget(self.button)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        page.installEventFilter(self)
        self.hide()

    def offer(self, text: str, undo: Callable[[], object]) -> None:
        """Show a text with a button that calls ``undo``."""
        self._label.setText(text)
        self.setAccessibleName(text)
        self._undo = undo
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the lower edge when the page is resized."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        self.adjustSize()
        below = self._page.height() - self.height() - PAGE_MARGIN - GAP
        self.move((self._page.width() - self.width()) // 2, below)

    def _on_undo_clicked(self) -> None:
        self.hide()
        self._timer.stop()
        if self._undo is not None:
            self._undo()

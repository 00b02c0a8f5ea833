"""The field in the top bar that shows and edits the name of the experiment."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.document import LONGEST_NAME
from app.theme import card_title_font
from app.widgets import LineEdit

_MIN_DIGITS, _MAX_DIGITS, _PADDING = 12, 60, 20
"""Width in digits, and pixels around the text."""


class NameField(LineEdit):
    """A line edit as wide as its text; ``renamed(str)`` is emitted on Return and on leaving it, if the name changed.

    Escape restores the name, and so does an empty text.
    """

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = ""
        self.setProperty("role", "title")
        self.setMaxLength(LONGEST_NAME)
        self.setFont(card_title_font())
        self.setAccessibleName("Name of the experiment")
        self.setToolTip("Name of the experiment; its runs are called by it")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(lambda _text: self.updateGeometry())
        self.editingFinished.connect(self._commit)

    def show_name(self, name: str) -> None:
        """Show the name of the document."""
        if name != self._name or not self.hasFocus():
            self._name = name
            self.setText(name)

    def sizeHint(self) -> QSize:
        """Width of the text, within limits."""
        metrics = QFontMetrics(self.font())
        digit = metrics.horizontalAdvance("0")
        width = min(max(metrics.horizontalAdvance(self.text()), _MIN_DIGITS * digit), _MAX_DIGITS * digit)
        return QSize(width + _PADDING, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Width of a short name."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance("0") * _MIN_DIGITS, super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the field on Return and Escape; Escape restores the name."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()

    def _commit(self) -> None:
        name = " ".join(self.text().split())
        if not name or name == self._name:
            self.setText(self._name)
            return
        self._name = name
        self.renamed.emit(name)

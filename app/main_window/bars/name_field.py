"""The name of the experiment in the bar at the top, which can be edited there."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.document import LONGEST_NAME
from app.theme import card_title_font
from app.widgets import LineEdit

_LEAST, _MOST, _PADDING = 12, 60, 20


class NameField(LineEdit):
    """A line as wide as its text; Return and leaving it rename, Escape and an empty line do not.

    ``renamed(str)``: another name was given.
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
        self.editingFinished.connect(self._finish)

    def show_name(self, name: str) -> None:
        """Show the name of the document."""
        if name != self._name or not self.hasFocus():
            self._name = name
            self.setText(name)

    def sizeHint(self) -> QSize:
        """Room for the whole text, within limits."""
        metrics = QFontMetrics(self.font())
        letter = metrics.horizontalAdvance("0")
        width = min(max(metrics.horizontalAdvance(self.text()), _LEAST * letter), _MOST * letter)
        return QSize(width + _PADDING, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Room for a few letters."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance("0") * _LEAST, super().minimumSizeHint().height())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave with Return; with Escape as if nothing had been typed."""
        if event.key() == Qt.Key.Key_Escape:
            self.setText(self._name)
        super().keyPressEvent(event)
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clearFocus()

    def _finish(self) -> None:
        name = " ".join(self.text().split())
        if not name or name == self._name:
            self.setText(self._name)
            return
        self._name = name
        self.renamed.emit(name)

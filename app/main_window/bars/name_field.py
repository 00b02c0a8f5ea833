"""The field in the top bar that shows and edits the name of the experiment."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QStyleOptionFrame, QWidget

from app.document import LONGEST_NAME
from app.theme import card_title_font
from app.widgets import LineEdit, plain_tooltip

_MIN_DIGITS, _MAX_DIGITS, _PADDING = 12, 60, 20
"""Width in digits, and pixels around the text."""
_QT_MARGIN = 2
"""Pixels that a QLineEdit leaves beside its text."""


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
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.textChanged.connect(lambda _text: self.updateGeometry())
        self.editingFinished.connect(self._commit)

    def show_name(self, name: str) -> None:
        """Show the name of the document."""
        if name != self._name or not self.hasFocus():
            self._name = name
            self.setText(name)
            self._update_tooltip()

    def sizeHint(self) -> QSize:
        """Width of the text, within limits."""
        metrics = QFontMetrics(self.font())
        digit = metrics.horizontalAdvance("0")
        width = min(max(metrics.horizontalAdvance(self.text()), _MIN_DIGITS * digit), _MAX_DIGITS * digit)
        return QSize(width + _PADDING, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Width of a short name."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance("0") * _MIN_DIGITS, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have the whole name as the tooltip where there is no room for it."""
        super().resizeEvent(event)
        self._update_tooltip()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Elide a name that is too long, unless it is edited."""
        shown = self._elided()
        if self.hasFocus() or shown == self.text():
            super().paintEvent(event)
            return
        painter, option = QPainter(self), QStyleOptionFrame()
        self.initStyleOption(option)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option, painter, self)
        painter.setPen(self.palette().text().color())
        painter.drawText(self._text_area(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()

    def _text_area(self) -> QRect:
        option = QStyleOptionFrame()
        self.initStyleOption(option)
        area = self.style().subElementRect(QStyle.SubElement.SE_LineEditContents, option, self)
        return area.adjusted(_QT_MARGIN, 0, -_QT_MARGIN, 0)

    def _elided(self) -> str:
        metrics = QFontMetrics(self.font())
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self._text_area().width())

    def _update_tooltip(self) -> None:
        name = "" if self._elided() == self.text() else f"{self.text()}\n"
        self.setToolTip(plain_tooltip(f"{name}Name of the experiment; its runs are called by it"))

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

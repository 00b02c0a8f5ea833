"""Labels: muted text, elided text, chips and page headers."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.theme import CARD_GAP, GAP, control_height, resolve, small_font, title_font
from app.widgets.plain_text import Label, plain_tooltip


class Muted(Label):
    """A label for secondary text; ``wrap`` allows several lines."""

    def __init__(self, text: str = "", *, wrap: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(text, parent, wrap=wrap)
        self.setProperty("role", "muted")


class Elided(Label):
    """A single-line label that elides its text; the full text is then its tooltip."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:
        super().__init__(parent=parent)
        self._full = text
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._fit()

    def setText(self, text: str) -> None:
        """Show as much of ``text`` as fits; setting the same text again does nothing."""
        if text == self._full:
            return
        self._full = text
        self.updateGeometry()
        self._fit()

    def full_text(self) -> str:
        """The text as given."""
        return self._full

    def sizeHint(self) -> QSize:
        """The size of the whole text."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._full) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        """The width of a few characters."""
        return QSize(QFontMetrics(self.font()).horizontalAdvance("0") * 3, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Elide the text at the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        elided = QFontMetrics(self.font()).elidedText(self._full, self._mode, max(self.width(), 1))
        super().setText(elided)
        self.setToolTip(plain_tooltip(self._full if elided != self._full else ""))
        self.setAccessibleName(self._full)


_TONES = {
    "neutral": ("sunken", "text"),
    "muted": ("sunken", "muted"),
    "accent": ("accent_wash", "accent"),
    "error": ("error_wash", "error"),
    "good": ("sunken", "good"),
    "warning": ("sunken", "warning"),
}


class Chip(QWidget):
    """A short text on a rounded background, with a colored dot before it if ``dot`` is given.

    Args:
        text: Its text.
        tone: ``neutral``, ``muted``, ``accent``, ``error``, ``good`` or ``warning``.
        dot: A token's name, a series index or ``#RRGGBB``.
        parent: Owner.
    """

    def __init__(
        self,
        text: str = "",
        tone: str = "neutral",
        dot: int | str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._tone, self._dot = text, tone, dot
        self.setFont(small_font())
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def text(self) -> str:
        """The text shown."""
        return self._text

    def set_text(self, text: str) -> None:
        """Change the text."""
        if text == self._text:
            return
        self._text = text
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def set_tone(self, tone: str) -> None:
        """Change the colors."""
        self._tone = tone
        self.update()

    def set_dot(self, dot: int | str | None) -> None:
        """Change or remove the dot."""
        self._dot = dot
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """The size of the text and its margins."""
        metrics = QFontMetrics(self.font())
        dot = 14 if self._dot is not None else 0
        return QSize(metrics.horizontalAdvance(self._text) + 18 + dot, metrics.height() + 5)

    def minimumSizeHint(self) -> QSize:
        """The same as the size hint: a chip is never cut off."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw background, dot and text."""
        background, foreground = _TONES[self._tone]
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve(background)))
        box = self.rect()
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        text_box = box.adjusted(9, 0, -9, 0)
        if self._dot is not None:
            painter.setBrush(QColor(resolve(self._dot)))
            painter.drawEllipse(box.left() + 9, box.center().y() - 3, 8, 8)
            text_box.setLeft(box.left() + 23)
        painter.setPen(QColor(resolve(foreground)))
        painter.drawText(text_box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text)
        painter.end()


class LinkChip(Chip):
    """A chip that leads somewhere.

    ``clicked()``: pressed by the mouse, the space bar or Enter.
    """

    clicked = Signal()

    def __init__(self, text: str = "", tone: str = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(text, tone, parent=parent)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Follow the link."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Follow the link."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw a frame around the chip that has the focus."""
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(resolve("accent")), 2))
            box = self.rect().adjusted(1, 1, -1, -1)
            painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)


class PageHeader(QWidget):
    """The title of a page, chips beside it (``add_chip``), buttons at the right (``add_action``)."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Label(title)
        self.title.setFont(title_font())
        self.title.setAccessibleName(title)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.title)
        self.chips = QHBoxLayout()
        self.chips.setContentsMargins(CARD_GAP, 0, 0, 0)
        self.chips.setSpacing(CARD_GAP)
        row.addLayout(self.chips)
        row.addStretch(1)
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(GAP + 4)
        row.addLayout(self.buttons)
        self.setFixedHeight(control_height())

    def add_chip(self, chip: QWidget) -> None:
        """Add ``chip`` after the title."""
        self.chips.addWidget(chip)

    def add_action(self, widget: QWidget) -> None:
        """Add ``widget`` at the right end."""
        self.buttons.addWidget(widget)

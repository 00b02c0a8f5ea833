"""The six pages, in the order of the work, down the left side; the help below them."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.theme import GAP, RAIL_WIDTH, icon, scaled_font, theme
from app.widgets import plain_tooltip

PAGES = {
    "data": ("Data", "database"),
    "model": ("Model", "tree-structure"),
    "training": ("Training", "sliders-horizontal"),
    "live": ("Live", "activity"),
    "runs": ("Runs", "list-bullets"),
    "compare": ("Compare", "scales"),
}
"""Name of each page: its title and its icon."""


class RailButton(QToolButton):
    """An icon over a word; the page shown has a wash and a bar at its left."""

    def __init__(self, name: str, title: str, icon_name: str, key: str) -> None:
        super().__init__()
        self.setObjectName(f"rail-{name}")
        self.setText(title)
        self.setAccessibleName(title)
        self.setToolTip(plain_tooltip(f"{title} ({key})"))
        self.setFont(scaled_font(0.92))
        self._icon = icon(icon_name, "muted")
        self._chosen = icon(icon_name, "accent")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """The rail's width; room for icon and word."""
        return QSize(RAIL_WIDTH, round(self.fontMetrics().height() * 2.6) + 8)

    def minimumSizeHint(self) -> QSize:
        """Icon and word without room around, for a low window."""
        return QSize(RAIL_WIDTH, round(self.fontMetrics().height() * 2.2) + 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw wash, bar, icon and word."""
        tokens = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.rect()
        if self.isChecked():
            painter.fillRect(box, QColor(tokens.accent_wash))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawRoundedRect(QRect(0, GAP, 3, box.height() - 2 * GAP), 1.5, 1.5)
        elif self.underMouse():
            painter.fillRect(box, QColor(tokens.hover))
        self._paint_face(painter, box)
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(4, 2, -4, -2), 4, 4)
        painter.end()

    def _paint_face(self, painter: QPainter, box: QRect) -> None:
        font = self.font()
        font.setBold(self.isChecked())
        painter.setFont(font)
        side = round(painter.fontMetrics().height() * 1.15)
        top = (box.height() - side - painter.fontMetrics().height() - 3) // 2
        face: QIcon = self._chosen if self.isChecked() else self._icon
        face.paint(painter, QRect((box.width() - side) // 2, top, side, side))
        tokens = theme()
        painter.setPen(QColor(tokens.accent if self.isChecked() else tokens.muted))
        words = QRect(0, top + side + 3, box.width(), painter.fontMetrics().height())
        painter.drawText(words, Qt.AlignmentFlag.AlignCenter, self.text())


class Rail(QFrame):
    """Chooses a page, ``chosen(name)``, or asks for help, ``helpWanted()``."""

    chosen = Signal(str)
    helpWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Pages")
        self.setProperty("role", "bar")
        self.setFixedWidth(RAIL_WIDTH)
        self._buttons: dict[str, RailButton] = {}
        group = QButtonGroup(self)
        group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP, 1, GAP)
        column.setSpacing(2)
        for number, (name, (title, icon_name)) in enumerate(PAGES.items(), start=1):
            button = RailButton(name, title, icon_name, f"Ctrl+{number}")
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, page=name: self.chosen.emit(page))
            group.addButton(button)
            column.addWidget(button)
            self._buttons[name] = button
        column.addStretch(1)
        ask = RailButton("help", "Help", "question", "F1")
        ask.clicked.connect(lambda _checked=False: self.helpWanted.emit())
        column.addWidget(ask)

    def select(self, name: str) -> None:
        """Mark ``name`` as the page shown."""
        self._buttons[name].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hairline at the right."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(theme().border))
        painter.end()

"""The bar at the left: a button for each page, and one for the help."""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.navigation import Page
from app.theme import GAP, RAIL_WIDTH, icon, scaled_font, theme
from app.widgets import plain_tooltip


class RailButton(QToolButton):
    """An icon over a title; that of the current page has a tinted background and a bar at its left."""

    def __init__(self, name: str, title: str, icon_name: str, shortcut: str) -> None:
        super().__init__()
        self.setObjectName(f"rail-{name}")
        self.setText(title)
        self.setAccessibleName(title)
        self.setToolTip(plain_tooltip(f"{title} ({shortcut})"))
        self.setFont(scaled_font(0.92))
        self._icon = icon(icon_name, "muted")
        self._checked_icon = icon(icon_name, "accent")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """The width of the rail, and the height of icon and title with some space."""
        return QSize(RAIL_WIDTH, round(self.fontMetrics().height() * 2.6) + 8)

    def minimumSizeHint(self) -> QSize:
        """Icon and title without space around them, for a low window."""
        return QSize(RAIL_WIDTH, round(self.fontMetrics().height() * 2.2) + 3)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw background, bar, icon and title."""
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
        self._paint_icon_and_title(painter, box)
        if self.hasFocus():
            painter.setPen(QColor(tokens.accent))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(4, 2, -4, -2), 4, 4)
        painter.end()

    def _paint_icon_and_title(self, painter: QPainter, box: QRect) -> None:
        font = self.font()
        font.setBold(self.isChecked())
        painter.setFont(font)
        side = round(painter.fontMetrics().height() * 1.15)
        top = (box.height() - side - painter.fontMetrics().height() - 3) // 2
        page_icon: QIcon = self._checked_icon if self.isChecked() else self._icon
        page_icon.paint(painter, QRect((box.width() - side) // 2, top, side, side))
        tokens = theme()
        painter.setPen(QColor(tokens.accent if self.isChecked() else tokens.muted))
        title_area = QRect(0, top + side + 3, box.width(), painter.fontMetrics().height())
        painter.drawText(title_area, Qt.AlignmentFlag.AlignCenter, self.text())


class Rail(QFrame):
    """Emits ``pageSelected(page)`` and ``helpRequested()`` when its buttons are clicked."""

    pageSelected = Signal(object)
    helpRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setAccessibleName("Pages")
        self.setProperty("role", "bar")
        self.setFixedWidth(RAIL_WIDTH)
        self._buttons: dict[Page, RailButton] = {}
        group = QButtonGroup(self)
        group.setExclusive(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GAP, 1, GAP)
        column.setSpacing(2)
        for page in Page:
            button = RailButton(page.key, page.title, page.icon, page.shortcut)
            button.setCheckable(True)
            button.clicked.connect(lambda _checked=False, page=page: self.pageSelected.emit(page))
            group.addButton(button)
            column.addWidget(button)
            self._buttons[page] = button
        column.addStretch(1)
        help_button = RailButton("help", "Help", "question", "F1")
        help_button.clicked.connect(lambda _checked=False: self.helpRequested.emit())
        column.addWidget(help_button)

    def select(self, page: Page) -> None:
        """Check the button of ``page``."""
        self._buttons[page].setChecked(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the hairline at the right."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(theme().border))
        painter.end()

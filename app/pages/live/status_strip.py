"""The strip under the header: state, progress and action of the run."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.pages.live.run_view import Notice
from app.theme import GAP, control_height, resolve
from app.widgets import Button, Label

_INK = {
    "neutral": "muted",
    "muted": "muted",
    "accent": "accent",
    "good": "good",
    "warning": "warning",
    "error": "error",
}
_MIN_TEXT_DIGITS = 46
"""Width of the text beside the legend, in average digits."""


class ThinBar(QWidget):
    """A thin progress bar."""

    def __init__(self) -> None:
        super().__init__()
        self._share: float | None = None
        self._ink = "accent"
        self.setFixedHeight(4)
        self.setObjectName("live-progress")

    def set_fraction(self, share: float | None, ink: str) -> None:
        """Set the fraction from 0 to 1; None hides the bar."""
        self._share, self._ink = share, ink
        self.setAccessibleName("" if share is None else f"{share:.0%} done")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw groove and bar."""
        if self._share is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for color, width in (("sunken", 1.0), (self._ink, min(self._share, 1.0))):
            painter.setBrush(QColor(resolve(color)))
            painter.drawRoundedRect(QRectF(0, 0, self.width() * width, 4), 2, 2)


class NoticeStrip(QWidget):
    """Shows a :class:`Notice`; the legend stands beside it, or below it where the text would become too narrow.

    Args:
        legend: The legend of the plots.
    """

    actionTriggered = Signal(str)

    def __init__(self, legend: QWidget) -> None:
        super().__init__()
        self.setObjectName("live-notice")
        self._legend, self._is_stacked = legend, False
        self._action = ""
        self.label = Label(wrap=True)
        self.label.setObjectName("live-notice-text")
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.button = Button("", lambda: self.actionTriggered.emit(self._action), name="live-notice-action")
        self.bar = ThinBar()
        self._row = row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.label, 1)
        row.addWidget(legend)
        row.addWidget(self.button)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP // 2)
        column.addLayout(row)
        column.addWidget(self.bar)
        self.setMinimumHeight(control_height() + GAP // 2 + 4)

    def show_notice(self, notice: Notice) -> None:
        """Replace the notice."""
        ink = _INK[notice.tone]
        self.label.setText(notice.text)
        role = "error" if notice.tone == "error" else "muted"
        if self.label.property("role") != role:
            self.label.setProperty("role", role)
            self.label.style().polish(self.label)
        self._action = notice.action
        self.button.setText(notice.label)
        self.button.setAccessibleName(notice.label)
        self.button.setVisible(bool(notice.action))
        self.bar.set_fraction(notice.share, ink)
        self._place_legend()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move the legend by the new width."""
        super().resizeEvent(event)
        self._place_legend()

    def _place_legend(self) -> None:
        button = 0 if self.button.isHidden() else self.button.sizeHint().width() + GAP
        text = self.width() - button - self._legend.sizeHint().width() - GAP
        is_stacked = text < _MIN_TEXT_DIGITS * self.fontMetrics().horizontalAdvance("0")
        if is_stacked == self._is_stacked:
            return
        self._is_stacked = is_stacked
        if is_stacked:
            self._row.removeWidget(self._legend)
            self._column.insertWidget(1, self._legend, 0, Qt.AlignmentFlag.AlignRight)
        else:
            self._column.removeWidget(self._legend)
            self._row.insertWidget(1, self._legend)

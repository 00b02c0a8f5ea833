"""The background of a row of a list that a delegate draws."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from app.theme import CONTROL_RADIUS, resolve


def draw_row_background(painter: QPainter, option: QStyleOptionViewItem) -> QRect:
    """Draw the background of a selected or hovered row; return the area of the row inside its margin."""
    box: QRect = option.rect.adjusted(0, 1, 0, -1)
    selected = bool(option.state & QStyle.StateFlag.State_Selected)
    if selected or option.state & QStyle.StateFlag.State_MouseOver:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve("accent_wash" if selected else "hover")))
        painter.drawRoundedRect(box, CONTROL_RADIUS, CONTROL_RADIUS)
    return box

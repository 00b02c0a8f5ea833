"""Tooltips of what a plot draws under the cursor."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QToolTip, QWidget

from app.widgets import plain_tooltip


def show_tooltip(widget: QWidget, event: QEvent, text_at: Callable[[QPointF], str]) -> bool:
    """Show or hide the tooltip if that is what ``event`` asks for; whether it is.

    Args:
        widget: The plot.
        event: Any event of it.
        text_at: The text at a position of the plot; empty for none.
    """
    if not isinstance(event, QHelpEvent) or event.type() is not QEvent.Type.ToolTip:
        return False
    if text := text_at(QPointF(event.pos())):
        QToolTip.showText(event.globalPos(), plain_tooltip(text), widget)
    else:
        QToolTip.hideText()
    return True

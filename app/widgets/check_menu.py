"""A menu of check boxes that stays open while they are clicked."""

from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QMenu


class CheckMenu(QMenu):
    """A menu that stays open when a checkable entry is clicked."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Toggle the entry under the mouse without closing the menu."""
        action = self.actionAt(event.position().toPoint())
        if action is not None and action.isCheckable() and event.type() == QEvent.Type.MouseButtonRelease:
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def hideEvent(self, event: Any) -> None:
        """Delete the menu, as it is made anew each time."""
        super().hideEvent(event)
        if not isinstance(self.parent(), QMenu):
            self.deleteLater()

"""Size and position of a window within its screen."""

from PySide6.QtCore import QMargins, QRect, QSize
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

_FRAME = QMargins(1, 32, 1, 1)
"""Approximate frame of the window manager; the exact one is known only once the window is shown."""


def available_size(screen: QScreen) -> QSize:
    """The largest size of a window on ``screen``, without its frame and the panels of the desktop."""
    return screen.availableGeometry().marginsRemoved(_FRAME).size()


def keep_on_screen(window: QWidget) -> None:
    """Shrink and move ``window`` so that it lies within its screen, which may have changed since the last start."""
    if window.isMaximized() or window.isFullScreen():
        return
    room = window.screen().availableGeometry().marginsRemoved(_FRAME)
    size = window.size().boundedTo(room.size())
    corner = window.geometry().topLeft()
    x = min(max(corner.x(), room.left()), room.right() + 1 - size.width())
    y = min(max(corner.y(), room.top()), room.bottom() + 1 - size.height())
    if QRect(x, y, size.width(), size.height()) != window.geometry():
        window.setGeometry(x, y, size.width(), size.height())

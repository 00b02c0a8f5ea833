"""Where a window stands, within the screen."""

from PySide6.QtCore import QMargins, QRect, QSize
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QWidget

_FRAME = QMargins(1, 32, 1, 1)
"""What a window manager draws around a window, about: it is known only once the window is shown."""


def room_on(screen: QScreen) -> QSize:
    """The largest window that has room on ``screen``, beside its frame and what the desktop keeps for itself."""
    return screen.availableGeometry().marginsRemoved(_FRAME).size()


def keep_on_screen(window: QWidget) -> None:
    """Make ``window`` as small as its screen asks for and move it there: screens change between two starts."""
    if window.isMaximized() or window.isFullScreen():
        return
    room = window.screen().availableGeometry().marginsRemoved(_FRAME)
    size = window.size().boundedTo(room.size())
    corner = window.geometry().topLeft()
    x = min(max(corner.x(), room.left()), room.right() + 1 - size.width())
    y = min(max(corner.y(), room.top()), room.bottom() + 1 - size.height())
    if QRect(x, y, size.width(), size.height()) != window.geometry():
        window.setGeometry(x, y, size.width(), size.height())

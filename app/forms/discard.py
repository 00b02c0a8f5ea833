"""Remove a widget at run time."""

from PySide6.QtWidgets import QWidget


def discard(widget: QWidget) -> None:
    """Take ``widget`` out of its layout and parent at once, so that nothing finds it, and delete it soon.

    It is not deleted at once because it may be the sender of the signal that led here.
    """
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()

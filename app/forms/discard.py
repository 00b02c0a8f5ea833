"""Remove a widget at run time."""

from PySide6.QtWidgets import QWidget


def discard(widget: QWidget) -> None:
    """Remove ``widget`` from its layout and parent at once, and delete it in the next turn of the event loop.

    It may be the sender of the signal that is being handled, so it must not be deleted at once.
    """
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()

"""Fill a widget with many others."""

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QWidget


@contextmanager
def hidden_while_filled(widget: QWidget) -> Iterator[None]:
    """Hide a widget that is filled with many others, and show it again if it was not hidden before.

    Qt lays out all widgets of a visible one again for each that is shown in it. A widget inside that has the focus
    loses it.
    """
    was_hidden = widget.isHidden()
    widget.hide()
    try:
        yield
    finally:
        widget.setVisible(not was_hidden)

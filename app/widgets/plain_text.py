"""Labels, tooltips and captions that show text literally: Qt would read some as HTML, and ``&`` as a mnemonic."""

from PySide6.QtGui import Qt
from PySide6.QtWidgets import QLabel, QWidget

_WORD_JOINER = "\u2060"
"""Invisible; after ``<`` or ``&`` it keeps Qt from reading a tag or an entity."""


class Label(QLabel):
    """A label that shows its text literally, never as markup.

    Args:
        text: The text.
        parent: Owner.
        wrap: Whether long text takes several lines.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        super().setText(text)  # not that of a subclass, which is not initialized yet


class RichLabel(QLabel):
    """A label for rich text in which all text from elsewhere has gone through ``html.escape``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)


def plain_tooltip(text: str) -> str:
    """``text`` for a tooltip, changed where Qt would take it for rich text."""
    if Qt.mightBeRichText(text):
        text = text.replace("<", f"<{_WORD_JOINER}").replace("&", f"&{_WORD_JOINER}")
    return text


def escape_mnemonic(text: str) -> str:
    """``text`` for a button, tab or menu entry, with ``&`` doubled: a single one would mark a mnemonic."""
    return text.replace("&", "&&")

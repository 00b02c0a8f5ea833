"""Plain-text labels and tooltips: Qt would read some text as HTML, and ``&`` as a mnemonic."""

from PySide6.QtGui import Qt
from PySide6.QtWidgets import QLabel, QWidget

_WORD_JOINER = "\u2060"
"""Has no width and no look; after ``<`` or ``&`` it makes of a tag or an entity plain characters."""


class Label(QLabel):
    """A label that shows its text literally, never as markup.

    Args:
        text: The words.
        parent: Owner.
        wrap: Whether long words take several lines.
    """

    def __init__(self, text: str = "", parent: QWidget | None = None, *, wrap: bool = False) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        super().setText(text)  # not that of a subclass, which is not ready yet


class RichLabel(QLabel):
    """Rich text of the program's own, in which every text from elsewhere has gone through ``html.escape``."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)


def plain_tooltip(text: str) -> str:
    """A text for a tooltip, which Qt shows as rich text if it looks like it: changed so that it does not."""
    if Qt.mightBeRichText(text):
        text = text.replace("<", f"<{_WORD_JOINER}").replace("&", f"&{_WORD_JOINER}")
    return text


def escape_mnemonic(text: str) -> str:
    """A text for a button, a tab, a menu's entry: with ``&`` doubled, which alone would mark a shortcut's letter."""
    return text.replace("&", "&&")

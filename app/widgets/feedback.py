"""Empty states, inline errors and banners."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.theme import CARD_GAP, GAP, card_title_font, icon
from app.widgets.buttons import LinkButton, PrimaryButton, ToolButton
from app.widgets.labels import Muted
from app.widgets.plain_text import Label

_WIDEST_TEXT = 56
"""Digits in a line of an empty page's text, about as many as are read with ease."""


class Glyph(Label):
    """A label that shows an icon."""

    def __init__(self, name: str, color: int | str = "muted", *, lines: float = 1.2) -> None:
        super().__init__()
        self._icon, self._lines = icon(name, color), lines
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        side = round(self.fontMetrics().height() * lines)
        self._side = QSize(side, side)
        self.setFixedSize(self._side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the icon in the colors of now."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


class EmptyState(QWidget):
    """A description of what belongs here, with one action.

    Args:
        icon_name: Phosphor icon.
        title: What is missing.
        text: What will be shown here, and how it comes about.
        action_label: Words of the one button, or none.
        on_action: What it does.
        parent: Owner.
    """

    def __init__(
        self,
        icon_name: str,
        title: str,
        text: str = "",
        action_label: str = "",
        on_action: Callable[[], object] | None = None,
        *,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.title = Label(title)
        self.title.setFont(card_title_font())
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text = Muted(text, wrap=True)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text.setMaximumWidth(self.fontMetrics().horizontalAdvance("0") * _WIDEST_TEXT)
        column = QVBoxLayout(self)
        column.setSpacing(GAP)
        column.addStretch(1)
        center = Qt.AlignmentFlag.AlignHCenter
        column.addWidget(Glyph(icon_name, lines=2.6), 0, center)
        column.addWidget(self.title, 0, center)
        # Across the whole width and not centered as a widget: a layout asks an aligned one for its preferred width
        # only, and cuts the lines that wrap in less.
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(self.text, 1000)
        row.addStretch(1)
        column.addLayout(row)
        self.action: PrimaryButton | None = None
        if action_label:
            self.action = PrimaryButton(action_label, on_action)
            column.addSpacing(GAP)
            column.addWidget(self.action, 0, center)
        column.addStretch(1)


class InlineError(QWidget):
    """An error message at its place, with its fix as a link.

    Args:
        text: Rule and value found.
        fix_label: What the link says; no link when empty.
        on_fix: What the link does.
        parent: Owner.
    """

    def __init__(
        self,
        text: str = "",
        fix_label: str = "",
        on_fix: Callable[[], object] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._on_fix = on_fix
        self.label = Label(wrap=True)
        self.label.setProperty("role", "error")
        self.link = LinkButton("", self._fix)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.label)
        column.addWidget(self.link, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_error(text, fix_label, on_fix)

    def set_error(self, text: str, fix_label: str = "", on_fix: Callable[[], object] | None = None) -> None:
        """Show another error; an empty text hides it all."""
        self._on_fix = on_fix
        self.label.setText(text)
        self.link.setText(fix_label)
        self.link.setAccessibleName(fix_label)
        self.link.setVisible(bool(fix_label and on_fix))
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def _fix(self) -> None:
        if self._on_fix is not None:
            self._on_fix()


class Banner(QFrame):
    """A message across a page, with an optional fix and a button that dismisses it.

    Args:
        text: One or two sentences.
        fix_label: Words of the link.
        on_fix: What the link does.
        tone: ``error``, ``warning`` or ``info``.
        parent: Owner.
    """

    dismissed = Signal()

    def __init__(
        self,
        text: str,
        fix_label: str = "",
        on_fix: Callable[[], object] | None = None,
        *,
        tone: str = "error",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "banner")
        self.setProperty("tone", tone)
        ink = {"error": "error", "warning": "warning"}.get(tone, "accent")
        self.label = Label(text, wrap=True)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(CARD_GAP, GAP, GAP, GAP)
        row.setSpacing(GAP)
        row.addWidget(Glyph("info" if tone == "info" else "warning-circle", ink), 0)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.label)
        words.addLayout(self._links_below())
        row.addLayout(words, 1)
        if fix_label and on_fix is not None:
            row.addWidget(LinkButton(fix_label, on_fix), 0)
        row.addWidget(ToolButton("x", "Dismiss", self.dismiss, name="dismiss"), 0, Qt.AlignmentFlag.AlignTop)

    def add_link(self, label: str, on_click: Callable[[], object], *, name: str = "") -> None:
        """Put one more link below the text."""
        link = LinkButton(label, on_click, name=name)
        self._links.insertWidget(self._links.count() - 1, link)
        link.show()  # now, or the height that the message needs is reckoned without it

    def _links_below(self) -> QHBoxLayout:
        self._links = QHBoxLayout()
        self._links.setSpacing(2 * GAP)
        self._links.addStretch(1)
        return self._links

    def dismiss(self) -> None:
        """Hide it and say so."""
        self.hide()
        self.dismissed.emit()

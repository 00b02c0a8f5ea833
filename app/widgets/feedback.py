"""Empty states, inline errors and banners."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.theme import CARD_GAP, GAP, card_title_font, icon
from app.widgets.buttons import LinkButton, PrimaryButton, ToolButton
from app.widgets.label_widgets import Muted
from app.widgets.plain_text import Label

_MAX_LINE_DIGITS = 56
"""Most digits in a line of an empty state's text, for readability."""


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
        """Draw the icon in its current color."""
        painter = QPainter(self)
        self._icon.paint(painter, self.rect())
        painter.end()


class EmptyState(QWidget):
    """Shown where there is no content yet: what will be shown, with an optional button.

    Args:
        icon_name: Phosphor icon.
        title: What is missing.
        text: What will be shown here, and how to get it.
        action_label: Text of the button; no button when empty.
        on_action: Called when the button is clicked.
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
        self.text.setMaximumWidth(self.fontMetrics().horizontalAdvance("0") * _MAX_LINE_DIGITS)
        column = QVBoxLayout(self)
        column.setSpacing(GAP)
        column.addStretch(1)
        center = Qt.AlignmentFlag.AlignHCenter
        self._glyph = Glyph(icon_name, lines=2.6)
        column.addWidget(self._glyph, 0, center)
        column.addWidget(self.title, 0, center)
        # Centered by stretches and not by alignment: an aligned widget gets its preferred width only, and wrapped lines
        # would be cut off.
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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out the icon where there is no room for it."""
        super().resizeEvent(event)
        texts = self.title.sizeHint().height() + self.text.heightForWidth(min(self.width(), self.text.maximumWidth()))
        self._glyph.setVisible(self.height() >= texts + self._glyph.height() + 4 * GAP)


class InlineError(QWidget):
    """An error message next to what it concerns, with an optional link that fixes it.

    Args:
        text: The error.
        fix_label: Text of the link; no link when empty.
        on_fix: Called when the link is clicked.
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
        """Show another error; an empty text hides the widget."""
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
    """A message across the page, with an optional link and a button that dismisses it.

    Args:
        text: One or two sentences.
        fix_label: Text of the link.
        on_fix: Called when the link is clicked.
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
        text_column = QVBoxLayout()
        text_column.setSpacing(0)
        text_column.addWidget(self.label)
        text_column.addLayout(self._links_below())
        row.addLayout(text_column, 1)
        if fix_label and on_fix is not None:
            row.addWidget(LinkButton(fix_label, on_fix), 0)
        row.addWidget(ToolButton("x", "Dismiss", self.dismiss, name="dismiss"), 0, Qt.AlignmentFlag.AlignTop)

    def add_link(self, label: str, on_click: Callable[[], object], *, name: str = "") -> None:
        """Add a link below the text."""
        link = LinkButton(label, on_click, name=name)
        self._links.insertWidget(self._links.count() - 1, link)
        link.show()  # now, so that it counts for the height of the message

    def _links_below(self) -> QHBoxLayout:
        self._links = QHBoxLayout()
        self._links.setSpacing(2 * GAP)
        self._links.addStretch(1)
        return self._links

    def dismiss(self) -> None:
        """Hide the message and emit ``dismissed``."""
        self.hide()
        self.dismissed.emit()

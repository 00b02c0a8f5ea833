"""Buttons: plain, primary, destructive, link, and small ones with an icon."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QStyleOptionButton, QToolButton, QWidget

from app.theme import icon
from app.widgets.plain_text import escape_mnemonic, plain_tooltip

_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason, Qt.FocusReason.ShortcutFocusReason)


class Button(QPushButton):
    """A plain button; ``name`` is its objectName. It shows that it has the focus when a key gave it to it.

    Args:
        text: Its words.
        on_click: Called without arguments.
        icon_name: A Phosphor icon before the words.
        name: objectName.
        parent: Owner.
    """

    role = ""
    ink = "text"

    def __init__(
        self,
        text: str,
        on_click: Callable[[], object] | None = None,
        *,
        icon_name: str = "",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(escape_mnemonic(text), parent)
        if self.role:
            self.setProperty("role", self.role)
        if icon_name:
            self.setIcon(icon(icon_name, self.ink))
            side = self.fontMetrics().height()
            self.setIconSize(QSize(side + 4, side))  # a little air before the words
        if name:
            self.setObjectName(name)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    def setText(self, text: str) -> None:
        """Show these words as written."""
        super().setText(escape_mnemonic(text))

    def text(self) -> str:
        """The words as written."""
        return super().text().replace("&&", "&")

    def setMenu(self, menu: QMenu) -> None:
        """Open ``menu`` when pressed, and show by a caret that it does."""
        super().setMenu(menu)
        self._mark("menu", True)

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        """Look like a button without a menu: the style would shift the words for an indicator of its own."""
        super().initStyleOption(option)
        option.features &= ~QStyleOptionButton.ButtonFeature.HasMenu

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the button, and the caret of a menu."""
        super().paintEvent(event)
        if self.menu() is not None:
            side = round(self.fontMetrics().height() * 0.7)
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            painter = QPainter(self)
            icon("caret-down", "muted").paint(
                painter, self.width() - side - 8, (self.height() - side) // 2 + 1, side, side, mode=mode
            )
            painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Draw the ring if a key brought the focus."""
        if event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
            self._mark("ring", event.reason() in _BY_KEY)
        super().focusInEvent(event)

    def _mark(self, name: str, value: bool) -> None:
        """Set a property that the style sheet asks for."""
        if bool(self.property(name)) != value:
            self.setProperty(name, value)
            self.style().unpolish(self)
            self.style().polish(self)


class PrimaryButton(Button):
    """The primary action of a page."""

    role = "primary"
    ink = "on_accent"


class DangerButton(Button):
    """A destructive action."""

    role = "danger"
    ink = "error"


class LinkButton(Button):
    """A button that looks like a link."""

    role = "link"

    def __init__(self, text: str, on_click: Callable[[], object] | None = None, *, name: str = "") -> None:
        super().__init__(text, on_click, name=name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)


class ToolButton(QToolButton):
    """A small button with an icon; ``tip`` is its tooltip and accessible name.

    Args:
        icon_name: Phosphor icon.
        tip: What it does, in a few words.
        on_click: Called without arguments.
        text: Words beside the icon; with words it has a frame like other buttons.
        checkable: Stays down.
        name: objectName.
        parent: Owner.
    """

    def __init__(
        self,
        icon_name: str,
        tip: str,
        on_click: Callable[[], object] | None = None,
        *,
        text: str = "",
        checkable: bool = False,
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "button" if text else "flat")
        self.setIcon(icon(icon_name))
        side = self.fontMetrics().height()
        self.setIconSize(QSize(side, side))
        self.setText(text)
        if text:
            self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setToolTip(plain_tooltip(tip))
        self.setAccessibleName(tip)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if name:
            self.setObjectName(name)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    def setText(self, text: str) -> None:
        """Show these words as written."""
        super().setText(escape_mnemonic(text))

    def text(self) -> str:
        """The words as written."""
        return super().text().replace("&&", "&")

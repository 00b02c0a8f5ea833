"""Buttons: plain, primary, destructive, link, and small ones with an icon."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFocusEvent, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QPushButton, QStyleOptionButton, QToolButton, QWidget

from app.theme import icon
from app.widgets.plain_text import escape_mnemonic, plain_tooltip

_KEYBOARD_REASONS = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Button(QPushButton):
    """A plain button, with a focus ring when the focus came by keyboard.

    Args:
        text: Its text.
        on_click: Called without arguments.
        icon_name: A Phosphor icon before the text.
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
        self._focus_returns = False
        if self.role:
            self.setProperty("role", self.role)
        if icon_name:
            self.setIcon(icon(icon_name, self.ink))
            side = self.fontMetrics().height()
            self.setIconSize(QSize(side + 4, side))  # with space before the text
        if name:
            self.setObjectName(name)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

    def setText(self, text: str) -> None:
        """Show ``text`` literally, without mnemonics."""
        super().setText(escape_mnemonic(text))

    def text(self) -> str:
        """The text as given."""
        return super().text().replace("&&", "&")

    def setEnabled(self, enabled: bool) -> None:
        """Enable or disable; a focused button leaves the focus to what it stands in until it is enabled again.

        Qt would hand it to the next widget, such as a field whose text the next key would replace.
        """
        parent = self.parentWidget()
        if not enabled and self.hasFocus() and parent is not None:
            self._focus_returns = True
            parent.setFocus(Qt.FocusReason.OtherFocusReason)
        super().setEnabled(enabled)
        if enabled and self._focus_returns:
            self._focus_returns = False
            if parent is not None and parent.hasFocus():
                self.setFocus(Qt.FocusReason.OtherFocusReason)

    def setMenu(self, menu: QMenu) -> None:
        """Open ``menu`` when pressed, which a caret shows."""
        super().setMenu(menu)
        self._set_style_property("menu", True)

    def initStyleOption(self, option: QStyleOptionButton) -> None:
        """Leave out the style's own menu indicator, which would shift the text."""
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
        """Show the focus ring if the focus came by keyboard."""
        if event.reason() not in (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason):
            self._set_style_property("ring", event.reason() in _KEYBOARD_REASONS)
        super().focusInEvent(event)

    def _set_style_property(self, name: str, value: bool) -> None:
        """Set a property that the style sheet selects by."""
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
    """A small button with an icon.

    Args:
        icon_name: Phosphor icon.
        tip: Tooltip and accessible name.
        on_click: Called without arguments.
        text: Text beside the icon; with text it has a frame like other buttons.
        checkable: Whether it toggles.
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
        """Show ``text`` literally, without mnemonics."""
        super().setText(escape_mnemonic(text))

    def text(self) -> str:
        """The text as given."""
        return super().text().replace("&&", "&")

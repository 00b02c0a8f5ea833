"""Buttons: plain, primary, destructive, link, and small ones with an icon."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.theme import icon


class Button(QPushButton):
    """A plain button; ``name`` is its objectName.

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
        super().__init__(text, parent)
        if self.role:
            self.setProperty("role", self.role)
        if icon_name:
            self.setIcon(icon(icon_name, self.ink))
        if name:
            self.setObjectName(name)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())


class PrimaryButton(Button):
    """The one main action of a page."""

    role = "primary"
    ink = "on_accent"


class DangerButton(Button):
    """An action that destroys something."""

    role = "danger"
    ink = "error"


class LinkButton(Button):
    """An action inside a sentence."""

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
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if name:
            self.setObjectName(name)
        if on_click is not None:
            self.clicked.connect(lambda _checked=False: on_click())

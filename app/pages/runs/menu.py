"""The context menu of the selected runs."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.pages.runs.permissions import Action
from app.theme import icon


def open_menu(actions: Sequence[Action], act: Callable[[str], object], at: QPoint, parent: QWidget) -> None:
    """Open a menu of actions at a position on the screen; ``act`` is called with the key of the triggered one."""
    if not actions:
        return
    menu = QMenu(parent)
    menu.setObjectName("run-menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for action in actions:
        if action.key == "archive":
            menu.addSeparator()
        entry = menu.addAction(icon(action.icon), action.text)
        entry.setObjectName(f"run-menu-{action.key}")
        if action.shortcut:
            entry.setShortcut(QKeySequence(action.shortcut))
            entry.setShortcutVisibleInContextMenu(True)
        entry.triggered.connect(partial(_trigger, act, action.key))
    menu.popup(at)


def _trigger(act: Callable[[str], object], key: str, _checked: bool = False) -> None:
    act(key)

"""The context menu of the selected runs."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from app.formatting import elide_middle
from app.pages.runs.permissions import Action
from app.tables import RunColumn, RunRow
from app.theme import icon
from app.widgets import escape_mnemonic

_LONGEST = 40


def open_menu(
    actions: Sequence[Action],
    act: Callable[[str], object],
    at: QPoint,
    parent: QWidget,
    *,
    conditions: Sequence[tuple[str, str]] = (),
    add_condition: Callable[[str], object] = str,
) -> None:
    """Open a menu of actions at a position on the screen.

    Args:
        actions: The actions.
        act: Called with the key of the triggered one.
        at: The position.
        parent: Owner of the menu.
        conditions: Text and condition of each entry that filters by a cell.
        add_condition: Called with the condition of the triggered one.
    """
    if not actions and not conditions:
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
    first = menu.actions()[0] if menu.actions() else None
    for text, condition in conditions:
        entry = QAction(icon("funnel"), escape_mnemonic(text), menu)
        entry.triggered.connect(partial(_trigger, add_condition, condition))
        menu.insertAction(first, entry)  # type: ignore[arg-type]  # None appends
    if conditions and first is not None:
        menu.insertSeparator(first)
    menu.popup(at)


def cell_conditions(column: RunColumn, row: RunRow) -> list[tuple[str, str]]:
    """Texts and conditions that keep the runs with the value of a cell, or those with another or a better one."""
    conditions = []
    values = column.filter_values(row)
    for value in values:
        literal = f'"{value}"' if isinstance(value, str) else f"{value:.17g}"
        shown = str(value) if len(values) > 1 else column.text(row)
        conditions.append((f"Only {elide_middle(shown, _LONGEST)}", f"{column.name} == {literal}"))
        conditions.append((f"Not {elide_middle(shown, _LONGEST)}", f"not {column.name} == {literal}"))
        if isinstance(value, float) and column.format is not None:
            conditions.append((f"At least {shown}", f"{column.name} >= {literal}"))
            conditions.append((f"At most {shown}", f"{column.name} <= {literal}"))
    return conditions


def _trigger(act: Callable[[str], object], key: str, _checked: bool = False) -> None:
    act(key)

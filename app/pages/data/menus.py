"""The context menu of a column and the menu of all columns."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from app.pages.data import roles
from app.pages.data.role_edits import ARTICLES, RoleEditor
from app.widgets import escape_mnemonic
from mtl_core.spec import ColumnInfo
from mtl_core.spec.data.dataset import dataset_kind

_MOST_TEXTS = 8
_READ_AS = (("numeric", "Read as numbers"), ("categorical", "Read as categories"), ("text", "Read as text"))


def make_column_menu(parent: QWidget, edits: RoleEditor, name: str) -> QMenu | None:
    """The context menu of a column: role, type, missing values, joint prediction. None when the column is unknown."""
    column = edits.column(name)
    if column is None:
        return None
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    for role, phrase in ARTICLES.items():
        _add(menu, f"Make it {phrase}", partial(edits.set_role, name, role))
    if dataset_kind(edits.data["dataset"]).has_column_types:
        menu.addSeparator()
        for column_type, phrase in _READ_AS:
            _add(menu, phrase, partial(edits.set_type, name, column_type))
        _add_missing(menu, edits, column)
    _add_joint_prediction(menu, edits, column)
    return menu


def fill_columns_menu(menu: QMenu, edits: RoleEditor) -> None:
    """Fill the menu of all columns: common roles for a table; tasks to add for images, which have no headers."""
    menu.clear()
    info = edits.info
    if info is not None and info.input_kind == "image":
        for task in roles.missing_tasks(edits.data, info):
            text = f"Add task {task['name']} ({roles.KIND_TITLES[task['kind']].lower()})"
            _add(menu, text, partial(edits.add_task, task))
        return
    _add(menu, "All other columns are inputs", partial(edits.set_all, "input"))
    _add(menu, "Ignore all but the targets", partial(edits.set_all, "ignore"))


def _add_missing(menu: QMenu, edits: RoleEditor, column: ColumnInfo) -> None:
    """Add the submenu of texts that count as missing: those that do are checked, the most frequent others are not."""
    stated = (edits.data["dataset"].get("missing") or {}).get(column.name)
    present = [text for text, _ in column.missing_texts if text]
    absent = list(dict.fromkeys((*(stated or ()), *present)))
    counts = dict(column.missing_texts)
    submenu = menu.addMenu("Count as missing")
    for text in absent:
        cells = counts.get(text, 0)
        action = submenu.addAction(escape_mnemonic(f"{text} ({cells} cells)"))
        action.setCheckable(True)
        action.setChecked(True)
        remaining = [other for other in absent if other != text]
        action.triggered.connect(lambda _checked=False, remaining=remaining: edits.set_missing(column.name, remaining))
    for text, cells in column.categories[:_MOST_TEXTS] if column.type != "text" else ():
        action = submenu.addAction(escape_mnemonic(f"{text} ({cells} cells)"))
        action.setCheckable(True)
        action.triggered.connect(lambda _checked=False, text=text: edits.set_missing(column.name, [*absent, text]))
    if stated is not None:
        submenu.addSeparator()
        _add(submenu, "As usual (NA, None, ?, - …)", partial(edits.set_missing, column.name, None))
    submenu.setEnabled(not submenu.isEmpty())


def _add_joint_prediction(menu: QMenu, edits: RoleEditor, column: ColumnInfo) -> None:
    data, info = edits.data, edits.info
    task_indices = roles.joinable_tasks(data, info, column) if info else []
    if task_indices:
        menu.addSeparator()
    for task_index in task_indices:
        task = data["tasks"][task_index]["name"]
        _add(menu, f"Predict together with {task}", partial(edits.add_target, column.name, task_index))
    own = roles.task_index_of(data, column.name)
    if own >= 0 and len(roles.targets_of(data["tasks"][own])) > 1:
        _add(menu, "Predict on its own", partial(edits.separate_target, column))


def _add(menu: QMenu, text: str, do: Callable[[], None]) -> None:
    menu.addAction(escape_mnemonic(text)).triggered.connect(lambda _checked=False: do())

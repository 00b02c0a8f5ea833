"""The context menu of a column and the menu of all columns."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from app.pages.data import roles
from app.pages.data.role_edits import ARTICLES, RoleEditor
from app.widgets import escape_mnemonic
from mtl_core.spec import ColumnInfo
from mtl_core.spec.dataset import dataset_kind

_OFFERED = 8
_READ_AS = (("numeric", "Read as numbers"), ("categorical", "Read as categories"), ("text", "Read as text"))


def column_menu(parent: QWidget, edits: RoleEditor, name: str) -> QMenu | None:
    """The context menu of a column: role, type, and predicting it together with others."""
    column = edits.column(name)
    if column is None:
        return None
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    for role, words in ARTICLES.items():
        _add(menu, f"Make it {words}", partial(edits.set_role, name, role))
    if dataset_kind(edits.data["dataset"]).has_column_types:
        menu.addSeparator()
        for column_type, words in _READ_AS:
            _add(menu, words, partial(edits.set_type, name, column_type))
        _add_missing(menu, edits, column)
    _add_partners(menu, edits, column)
    return menu


def fill_menu(menu: QMenu, edits: RoleEditor) -> None:
    """Roles of all columns of a table; of images, which have no column headers, the tasks that are absent."""
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
    """Which texts count as missing: those that do, checked, and those that could."""
    stated = (edits.data["dataset"].get("missing") or {}).get(column.name)
    present = [text for text, _ in column.missing_texts if text]
    absent = list(dict.fromkeys((*(stated or ()), *present)))
    counts = dict(column.missing_texts)
    inside = menu.addMenu("Count as missing")
    for text in absent:
        cells = counts.get(text, 0)
        action = inside.addAction(plain(f"{text} ({cells} cells)"))
        action.setCheckable(True)
        action.setChecked(True)
        remaining = [other for other in absent if other != text]
        action.triggered.connect(lambda _checked=False, remaining=remaining: edits.set_missing(column.name, remaining))
    for text, cells in column.categories[:_OFFERED] if column.type != "text" else ():
        action = inside.addAction(plain(f"{text} ({cells} cells)"))
        action.setCheckable(True)
        action.triggered.connect(lambda _checked=False, text=text: edits.set_missing(column.name, [*absent, text]))
    if stated is not None:
        inside.addSeparator()
        _add(inside, "As usual (NA, None, ?, - …)", partial(edits.set_missing, column.name, None))
    inside.setEnabled(not inside.isEmpty())


def plain(text: str) -> str:
    """A text as an entry of a menu shows it as it is: a single & would mark a shortcut."""
    return text.replace("&", "&&")


def _add_partners(menu: QMenu, edits: RoleEditor, column: ColumnInfo) -> None:
    data, info = edits.data, edits.info
    places = roles.joinable_tasks(data, info, column) if info else []
    if places:
        menu.addSeparator()
    for place in places:
        task = data["tasks"][place]["name"]
        _add(menu, f"Predict together with {task}", partial(edits.add_target, column.name, place))
    own = roles.task_index_of(data, column.name)
    if own >= 0 and len(roles.targets_of(data["tasks"][own])) > 1:
        _add(menu, "Predict on its own", partial(edits.separate_target, column))


def _add(menu: QMenu, text: str, do: Callable[[], None]) -> None:
    menu.addAction(escape_mnemonic(text)).triggered.connect(lambda _checked=False: do())

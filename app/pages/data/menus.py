"""The context menu of a column, the menus of its cells, and the menu of all columns."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from app.pages.data import named_inputs, roles
from app.pages.data.cards.columns_table import Cell
from app.pages.data.role_edits import ARTICLES, RoleEditor
from app.widgets import escape_mnemonic
from mtl_core.spec import ColumnInfo, DatasetInfo
from mtl_core.spec.data.dataset import DATE_PARTS, TIME_PARTS, DatePart, dataset_kind
from mtl_core.spec.reports import Role

_ROLE_TITLES: dict[Role, str] = {"input": "Input", "target": "Target", "ignore": "Ignored"}
_PART_TITLES: dict[DatePart, str] = {
    "year": "Year",
    "month": "Month",
    "weekday": "Weekday",
    "hour": "Hour of the day",
    "elapsed": "Time elapsed, in days",
}
_MOST_TEXTS = 8
_READ_AS = (("numeric", "Read as numbers"), ("categorical", "Read as categories"), ("text", "Read as text"))


def make_column_menu(parent: QWidget, edits: RoleEditor, name: str) -> QMenu | None:
    """The context menu of a column: role, type, missing values, parts of dates, joint prediction.

    None when the column is unknown.
    """
    column = edits.column(name)
    if column is None:
        return None
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    kinds = named_inputs.suggested_kinds(column)
    for role, phrase in ARTICLES.items():
        if role != "input" or kinds:
            _add(menu, f"Make it {phrase}", partial(edits.set_role, name, role))
    if kinds and (info := edits.info) is not None:
        _add_inputs(menu.addMenu("Input"), edits, column, info)
    if dataset_kind(edits.data["dataset"]).has_column_types:
        menu.addSeparator()
        for column_type, phrase in _READ_AS:
            _add(menu, phrase, partial(edits.set_type, name, column_type))
        _add_missing(menu, edits, column)
    _add_date_parts(menu, edits, column)
    _add_joint_prediction(menu, edits, column)
    return menu


def make_cell_menu(parent: QWidget, edits: RoleEditor, name: str, cell: Cell) -> QMenu | None:
    """The menu of a cell of the table of columns: types, roles, or inputs and kinds of task. None for no column."""
    column, info = edits.column(name), edits.info
    if column is None or info is None:
        return None
    menu = QMenu(parent)
    menu.aboutToHide.connect(menu.deleteLater)
    role = roles.roles_of(edits.data, info)[name]
    if cell is Cell.TYPE:
        for column_type, phrase in _READ_AS:
            _add_choice(menu, phrase, column.type == column_type, partial(edits.set_type, name, column_type))
    elif cell is Cell.ROLE:
        allowed: tuple[Role, ...] = ("input", "target", "ignore")
        for other in allowed if named_inputs.suggested_kinds(column) else allowed[1:]:
            _add_choice(menu, _ROLE_TITLES[other], other == role, partial(edits.set_role, name, other))
    elif role == "target":
        kind = edits.data["tasks"][roles.task_index_of(edits.data, name)]["kind"]
        for other_kind in dict.fromkeys((*roles.kinds_for(column), kind)):
            title = roles.KIND_TITLES[other_kind]
            _add_choice(menu, title, other_kind == kind, partial(edits.set_kind_of_column, name, other_kind))
    else:
        _add_inputs(menu, edits, column, info)
    return menu


def _add_inputs(menu: QMenu, edits: RoleEditor, column: ColumnInfo, info: DatasetInfo) -> None:
    """Add the inputs that a column can join, and the kinds of input that it can become on its own."""
    inputs = named_inputs.named_inputs(edits.data, info)
    current = named_inputs.input_of(inputs, column.name)
    alone = current and len(named_inputs.columns_of(inputs[current])) == 1
    for name, value in inputs.items():
        if name == current or value.get("kind") == "table":
            _add_choice(menu, name, name == current, partial(edits.move_to_input, column.name, name))
    menu.addSeparator()
    for kind in named_inputs.suggested_kinds(column):
        if not (alone and inputs[current].get("kind") == kind):
            title = named_inputs.INPUT_KINDS[kind].title.lower()
            _add(menu, f"New {title} input", partial(edits.move_to_new_input, column.name, kind))


def _add_choice(menu: QMenu, text: str, checked: bool, do: Callable[[], None]) -> None:
    """Add an entry that is checked if it is the current choice, and then does nothing."""
    action = menu.addAction(escape_mnemonic(text))
    action.setCheckable(True)
    action.setChecked(checked)
    if not checked:
        action.triggered.connect(lambda _checked=False: do())


def fill_columns_menu(menu: QMenu, edits: RoleEditor) -> None:
    """Fill the menu of all columns: common roles for a table; images have none."""
    menu.clear()
    info = edits.info
    if info is not None and info.input_kind != "image":
        _add(menu, "All other columns are inputs", partial(edits.set_all, "input"))
        _add(menu, "Ignore all but the targets", partial(edits.set_all, "ignore"))


def fill_task_menu(menu: QMenu, edits: RoleEditor, choose_column: Callable[[], None]) -> None:
    """Fill the menu of tasks to add: the suggested ones, and the way to any other column.

    Args:
        menu: The menu.
        edits: Adds the task.
        choose_column: Shows the columns, of which each can be made a target.
    """
    menu.clear()
    info = edits.info
    if info is None:
        return
    missing = roles.missing_tasks(edits.data, info)
    for task in missing:
        title = roles.KIND_TITLES[task["kind"]].lower()
        _add(menu, escape_mnemonic(f"{task['name']} ({title})"), partial(edits.add_task, task))
    offered = {target for task in missing for target in roles.targets_of(task)}
    if any(roles.task_index_of(edits.data, c.name) < 0 and c.name not in offered for c in info.columns):
        _add(menu, "Another column…", choose_column)
    if menu.isEmpty():
        menu.addAction("All columns are predicted").setEnabled(False)


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


def _add_date_parts(menu: QMenu, edits: RoleEditor, column: ColumnInfo) -> None:
    """Add the submenu of the parts of dates that are inputs, for a column of dates that is one."""
    info, dataset = edits.info, edits.data["dataset"]
    if info is None or not column.dates or "date_features" not in dataset_kind(dataset).model_fields:
        return
    if roles.roles_of(edits.data, info)[column.name] != "input":
        return
    is_time = column.dates == "time"
    submenu = menu.addMenu("Parts of the time" if is_time else "Parts of the date")
    current = edits.date_parts(column.name)
    for part in TIME_PARTS if is_time else DATE_PARTS:
        text = "Time of day, as a number" if is_time and part == "elapsed" else _PART_TITLES[part]
        action = submenu.addAction(text)
        action.setCheckable(True)
        action.setChecked(part in current)
        action.setEnabled(current != (part,))  # a column has at least one
        action.triggered.connect(lambda wanted, part=part: edits.set_date_part(column.name, part, wanted))


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

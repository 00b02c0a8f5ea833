"""What each column is for: read from spec data and changed in it, no Qt.

Every change is a mapping of paths to values, to be made in one step of undo.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.spec import ColumnInfo, ColumnType, DatasetInfo
from mtl_core.spec.reports import Role
from mtl_core.spec.tasks import TASK_KINDS, suggested_kinds, task_kind, unique_task_name

Data = Mapping[str, Any]
KIND_TITLES = {kind: task.short_title() for kind, task in TASK_KINDS.items()}


def is_numeric_kind(kind: str) -> bool:
    """Whether the targets of a kind of task can only be numbers, which a histogram shows."""
    return task_kind({"kind": kind}).column_types == ("numeric",)


def targets_of(task: Data) -> list[str]:
    """The target columns of a task."""
    target = task.get("target") or ()
    return [target] if isinstance(target, str) else list(target)


def task_index_of(data: Data, column: str) -> int:
    """The place of the task that predicts a column, or -1."""
    return next((i for i, task in enumerate(data.get("tasks") or ()) if column in targets_of(task)), -1)


def roles_of(data: Data, info: DatasetInfo) -> dict[str, Role]:
    """The role of every column; of a bundled set without stated inputs, all that are no targets and not ignored."""
    inputs = data["dataset"].get("inputs")
    roles: dict[str, Role] = {}
    for column in info.columns:
        stated = column.name in inputs if inputs is not None else column.suggested != "ignore"
        chosen: Role = "input" if stated and info.input_kind == "table" else "ignore"
        roles[column.name] = "target" if task_index_of(data, column.name) >= 0 else chosen
    return roles


def is_input_type(data: Data, info: DatasetInfo | None, wanted: ColumnType) -> bool:
    """Whether a column of this type is an input of the experiment."""
    if info is None:
        return False
    roles = roles_of(data, info)
    return any(column.type == wanted and roles[column.name] == "input" for column in info.columns)


def kinds_for(*columns: ColumnInfo) -> list[str]:
    """The kinds of task that the targets allow, the sensible one first."""
    return suggested_kinds(columns)


def with_role(data: Data, info: DatasetInfo, column: str, role: Role) -> dict[str, Any]:
    """The change that gives a column a role."""
    return with_roles(data, info, {column: role})


def with_roles(data: Data, info: DatasetInfo, wanted: Mapping[str, Role]) -> dict[str, Any]:
    """The change that gives several columns their roles; new targets get a task each."""
    roles = roles_of(data, info) | dict(wanted)
    tasks = [shrunk for task in data.get("tasks") or () if (shrunk := _keep_targets(task, roles)) is not None]
    predicted = {target for task in tasks for target in targets_of(task)}
    for column in info.columns:
        if roles[column.name] == "target" and column.name not in predicted:
            tasks.append(_new_task(column, [str(task["name"]) for task in tasks]))
    changes: dict[str, Any] = {"tasks": tasks}
    if info.input_kind == "table":
        changes["dataset.inputs"] = [column.name for column in info.columns if roles[column.name] == "input"]
    return changes


def with_type(data: Data, column: ColumnInfo, wanted: str) -> dict[str, Any]:
    """The change that has a column read as numbers, as categories or as text; its task stays possible."""
    changes: dict[str, Any] = {"dataset.types": {**data["dataset"].get("types", {}), column.name: wanted}}
    place = task_index_of(data, column.name)
    if place >= 0 and (kind := _kind_for_type(wanted, column, data["tasks"][place]["kind"])):
        changes["tasks"] = _replace_task(data["tasks"], place, _convert_task(data["tasks"][place], kind, column.name))
    return changes


def _kind_for_type(wanted: str, column: ColumnInfo, kind: str) -> str:
    """The kind of task a target needs once it is read otherwise, ``""`` where the present kind will do."""
    if wanted in task_kind({"kind": kind}).column_types:
        return ""
    numbers = {"categories": (), "unique": 0} if wanted == "numeric" else {}  # which numbers is not known yet
    return kinds_for(column.model_copy(update={"type": wanted, **numbers}))[0]


def with_kind(data: Data, place: int, kind: str) -> dict[str, Any]:
    """The change that makes a task one of another kind; its name and its first target stay."""
    task = data["tasks"][place]
    targets = targets_of(task)
    if len(targets) > 1 and TASK_KINDS[kind].most == 1:
        return {"tasks": _replace_task(data["tasks"], place, _convert_task(task, kind, targets[0]))}
    return {"tasks": _replace_task(data["tasks"], place, _convert_task(task, kind, task["target"]))}


def with_added_target(data: Data, column: str, place: int) -> dict[str, Any]:
    """The change that has the task at ``place`` predict ``column`` as well."""
    tasks: list[Any] = []
    for i, task in enumerate(data["tasks"]):
        rest = [target for target in targets_of(task) if target != column]
        if i == place:
            tasks.append({**task, "target": [*rest, column]})
        elif rest:
            tasks.append(_with_targets(task, rest))
    return {"tasks": tasks}


def with_separate_task(data: Data, column: ColumnInfo) -> dict[str, Any]:
    """The change that gives a column of a task of several a task of its own."""
    place = task_index_of(data, column.name)
    rest = [target for target in targets_of(data["tasks"][place]) if target != column.name]
    tasks = _replace_task(data["tasks"], place, _with_targets(data["tasks"][place], rest))
    kind = "regression" if tasks[place]["kind"] == "regression" else ""
    alone = _new_task(column, [str(task["name"]) for task in tasks], kind)
    return {"tasks": [*tasks[: place + 1], alone, *tasks[place + 1 :]]}


def joinable_tasks(data: Data, info: DatasetInfo, column: ColumnInfo) -> list[int]:
    """The tasks that could predict a column together with their own: those of numbers, or of labels."""
    if column.pixels or (column.type != "numeric" and column.unique > 2):
        return []
    wanted = "numeric" if column.type == "numeric" else "categorical"
    own = task_index_of(data, column.name)
    tasks = list(enumerate(data.get("tasks") or ()))
    return [i for i, task in tasks if i != own and _joins(task, wanted)]


def _joins(task: Data, column_type: str) -> bool:
    """Whether a task is of a kind that predicts several columns, of this type among others."""
    kind = task_kind(task)
    return kind.most != 1 and column_type in kind.column_types


def missing_tasks(data: Data, info: DatasetInfo) -> list[dict[str, Any]]:
    """The tasks that could be added: those that suggest themselves, and a task for each map that none predicts."""
    present = list(data.get("tasks") or ())
    predicted = {target for task in present for target in targets_of(task)}
    taken = [str(task.get("name", "")) for task in present]
    found = [dict(task) for task in info.tasks if not predicted & set(targets_of(task))]
    for task in found:
        task["name"] = unique_task_name(str(task["name"]), taken)
    maps = [column for column in info.columns if column.pixels and column.name not in predicted]
    return [*found, *(_new_task(column, [*taken, *(str(t["name"]) for t in found)]) for column in maps)]


def _new_task(column: ColumnInfo, taken: Sequence[str], kind: str = "") -> dict[str, Any]:
    return {"name": unique_task_name(column.name, taken), "kind": kind or kinds_for(column)[0], "target": column.name}


def _convert_task(task: Data, kind: str, target: Any) -> dict[str, Any]:
    """A task of another kind; loss and metrics are that kind's own."""
    return dict(task) if task["kind"] == kind else {"name": task["name"], "kind": kind, "target": target}


def _keep_targets(task: Data, roles: Mapping[str, Role]) -> dict[str, Any] | None:
    """A task without the columns that are no targets any more; None when none is left."""
    left = [target for target in targets_of(task) if roles.get(target, "target") == "target"]
    if left == targets_of(task):
        return dict(task)
    return _with_targets(task, left) if left else None


def _with_targets(task: Data, targets: list[str]) -> dict[str, Any]:
    return {**task, "target": targets[0] if len(targets) == 1 else targets}


def _replace_task(tasks: Sequence[Any], place: int, task: Any) -> list[Any]:
    return [*tasks[:place], task, *tasks[place + 1 :]]

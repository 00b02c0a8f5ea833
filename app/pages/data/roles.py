"""The role of each column, and the changes of spec data that give it another; no widgets.

Every change is a mapping of paths to values, made in one step of undo.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.pages.data import named_inputs
from mtl_core.spec import ColumnInfo, ColumnType, DatasetInfo
from mtl_core.spec.data.splits import split_columns
from mtl_core.spec.reports import Role
from mtl_core.spec.tasks import TASK_KINDS, suggested_kinds, task_kind, unique_task_name

Data = Mapping[str, Any]
KIND_TITLES = {kind: task.short_title() for kind, task in TASK_KINDS.items()}


def is_numeric_kind(kind: str) -> bool:
    """Whether the targets of a kind of task are always numbers, so that a histogram can show them."""
    return task_kind({"kind": kind}).column_types == ("numeric",)


def targets_of(task: Data) -> list[str]:
    """The target columns of a task."""
    target = task.get("target") or ()
    return [target] if isinstance(target, str) else list(target)


def task_index_of(data: Data, column: str) -> int:
    """The index of the task that predicts a column, or -1."""
    return next((i for i, task in enumerate(data.get("tasks") or ()) if column in targets_of(task)), -1)


def roles_of(data: Data, info: DatasetInfo) -> dict[str, Role]:
    """The role of every column.

    Without stated inputs, which only a bundled data set may omit, each column is an input that is neither a target nor
    suggested to be ignored.
    """
    dataset = data["dataset"]
    inputs = None if dataset.get("inputs") is None else {*named_inputs.input_columns(dataset)}
    stated = named_inputs.is_named(dataset)
    divides_rows = split_columns(dataset.get("split"))
    targets = {target for task in data.get("tasks") or () for target in targets_of(task)}
    roles: dict[str, Role] = {}
    for column in info.columns:
        suggested = column.suggested != "ignore" and column.name not in divides_rows
        read = column.name in inputs if inputs is not None else suggested
        otherwise: Role = "input" if read and (stated or info.input_kind == "table") else "ignore"
        roles[column.name] = "target" if column.name in targets else otherwise
    return roles


def is_input_type(data: Data, info: DatasetInfo | None, column_type: ColumnType) -> bool:
    """Whether a column of this type is an input of the experiment."""
    if info is None:
        return False
    roles = roles_of(data, info)
    return any(column.type == column_type and roles[column.name] == "input" for column in info.columns)


def kinds_for(*columns: ColumnInfo) -> list[str]:
    """The kinds of task that the targets allow, the most likely one first."""
    return suggested_kinds(columns)


def with_role(data: Data, info: DatasetInfo, column: str, role: Role) -> dict[str, Any]:
    """The change that gives a column a role."""
    return with_roles(data, info, {column: role})


def with_roles(data: Data, info: DatasetInfo, new: Mapping[str, Role]) -> dict[str, Any]:
    """The change that gives several columns new roles; each new target gets a task."""
    roles = roles_of(data, info) | dict(new)
    tasks = [kept for task in data.get("tasks") or () if (kept := _keep_targets(task, roles)) is not None]
    predicted = {target for task in tasks for target in targets_of(task)}
    for column in info.columns:
        if roles[column.name] == "target" and column.name not in predicted:
            tasks.append(_new_task(column, [str(task["name"]) for task in tasks]))
    changes: dict[str, Any] = {"tasks": tasks}
    if info.input_kind == "table" or named_inputs.is_named(data["dataset"]) or "input" in new.values():
        columns = [column.name for column in info.columns if roles[column.name] == "input"]
        changes |= named_inputs.with_input_columns(data, info, columns)
    return changes


def without_inputs(data: Data, columns: Sequence[str]) -> dict[str, Any]:
    """The change that takes columns out of the stated inputs; none where no input is one of them."""
    inputs = data["dataset"].get("inputs")
    if not inputs or not columns:
        return {}
    if isinstance(inputs, dict):
        shortened = {name: _without_columns(value, columns) for name, value in inputs.items()}
        kept: Any = {name: value for name, value in shortened.items() if value is not None}
    else:
        kept = [name for name in inputs if name not in columns]
    return {} if kept == inputs else {"dataset.inputs": kept}


def _without_columns(value: Data, columns: Sequence[str]) -> dict[str, Any] | None:
    """An input by name without some of its columns; None where it has none left."""
    if value.get("column") in columns:
        return None
    if not isinstance(value.get("columns"), list):
        return dict(value)
    kept = [name for name in value["columns"] if name not in columns]
    return {**value, "columns": kept} if kept else None


def with_type(data: Data, column: ColumnInfo, column_type: str) -> dict[str, Any]:
    """The change that reads a column as numbers, categories or text, with another kind of task where that needs one."""
    changes: dict[str, Any] = {"dataset.types": {**data["dataset"].get("types", {}), column.name: column_type}}
    index = task_index_of(data, column.name)
    if index >= 0 and (kind := _kind_for_type(column_type, column, data["tasks"][index]["kind"])):
        changes["tasks"] = _replace_task(data["tasks"], index, _convert_task(data["tasks"][index], kind, column.name))
    return changes


def _kind_for_type(column_type: str, column: ColumnInfo, kind: str) -> str:
    """The kind of task that a target needs once it has another type, ``""`` when its present kind suits that type."""
    if column_type in task_kind({"kind": kind}).column_types:
        return ""
    numbers = {"categories": (), "unique": 0} if column_type == "numeric" else {}  # its numbers are not known yet
    return kinds_for(column.model_copy(update={"type": column_type, **numbers}))[0]


def with_kind(data: Data, index: int, kind: str) -> dict[str, Any]:
    """The change of a task to another kind; name and targets stay, only the first where the kind has one target."""
    task = data["tasks"][index]
    targets = targets_of(task)
    if len(targets) > 1 and TASK_KINDS[kind].most == 1:
        return {"tasks": _replace_task(data["tasks"], index, _convert_task(task, kind, targets[0]))}
    return {"tasks": _replace_task(data["tasks"], index, _convert_task(task, kind, task["target"]))}


def with_added_target(data: Data, column: str, index: int) -> dict[str, Any]:
    """The change that adds ``column`` to the targets of the task at ``index``."""
    tasks: list[Any] = []
    for i, task in enumerate(data["tasks"]):
        rest = [target for target in targets_of(task) if target != column]
        if i == index:
            tasks.append({**task, "target": [*rest, column]})
        elif rest:
            tasks.append(_with_targets(task, rest))
    return {"tasks": tasks}


def tasks_without_target(data: Data, column: str) -> list[dict[str, Any]]:
    """The tasks without a column as target; a task that has none left is gone."""
    tasks = [_keep_targets(task, {column: "input"}) for task in data.get("tasks") or ()]
    return [task for task in tasks if task is not None]


def with_separate_task(data: Data, column: ColumnInfo) -> dict[str, Any]:
    """The change that moves a target of a task that has several to a task of its own."""
    index = task_index_of(data, column.name)
    rest = [target for target in targets_of(data["tasks"][index]) if target != column.name]
    tasks = _replace_task(data["tasks"], index, _with_targets(data["tasks"][index], rest))
    kind = "regression" if tasks[index]["kind"] == "regression" else ""
    alone = _new_task(column, [str(task["name"]) for task in tasks], kind)
    return {"tasks": [*tasks[: index + 1], alone, *tasks[index + 1 :]]}


def joinable_tasks(data: Data, info: DatasetInfo, column: ColumnInfo) -> list[int]:
    """Indices of the tasks that could predict a column together with their own targets."""
    if column.pixels or (column.type != "numeric" and column.unique > 2):
        return []
    column_type = "numeric" if column.type == "numeric" else "categorical"
    own = task_index_of(data, column.name)
    tasks = list(enumerate(data.get("tasks") or ()))
    return [i for i, task in tasks if i != own and _joins(task, column_type)]


def _joins(task: Data, column_type: str) -> bool:
    """Whether a task is of a kind that predicts several columns of this type."""
    kind = task_kind(task)
    return kind.most != 1 and column_type in kind.column_types


def missing_tasks(data: Data, info: DatasetInfo) -> list[dict[str, Any]]:
    """Tasks that could be added: the suggested ones, and one for each map of pixels that no task predicts."""
    present = list(data.get("tasks") or ())
    predicted = {target for task in present for target in targets_of(task)}
    used_names = [str(task.get("name", "")) for task in present]
    suggested = [dict(task) for task in info.tasks if not predicted & set(targets_of(task))]
    for task in suggested:
        task["name"] = unique_task_name(str(task["name"]), used_names)
    maps = [column for column in info.columns if column.pixels and column.name not in predicted]
    return [*suggested, *(_new_task(column, [*used_names, *(str(t["name"]) for t in suggested)]) for column in maps)]


def _new_task(column: ColumnInfo, used_names: Sequence[str], kind: str = "") -> dict[str, Any]:
    return {
        "name": unique_task_name(column.name, used_names),
        "kind": kind or kinds_for(column)[0],
        "target": column.name,
    }


def _convert_task(task: Data, kind: str, target: Any) -> dict[str, Any]:
    """A task of another kind, with that kind's defaults for loss and metrics."""
    return dict(task) if task["kind"] == kind else {"name": task["name"], "kind": kind, "target": target}


def _keep_targets(task: Data, roles: Mapping[str, Role]) -> dict[str, Any] | None:
    """A task without the columns that are no longer targets; None when it has none left."""
    targets = [target for target in targets_of(task) if roles.get(target, "target") == "target"]
    if targets == targets_of(task):
        return dict(task)
    return _with_targets(task, targets) if targets else None


def _with_targets(task: Data, targets: list[str]) -> dict[str, Any]:
    return {**task, "target": targets[0] if len(targets) == 1 else targets}


def _replace_task(tasks: Sequence[Any], index: int, task: Any) -> list[Any]:
    return [*tasks[:index], task, *tasks[index + 1 :]]

"""Edits of column roles and tasks, each one step of undo."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.document import Document
from app.pages.data import dataset_choice, roles
from mtl_core.spec import ColumnInfo, DatasetInfo
from mtl_core.spec.data.splits import split_columns, split_kind
from mtl_core.spec.reports import Role
from mtl_core.text import format_names

ARTICLES: dict[Role, str] = {"input": "an input", "target": "a target", "ignore": "ignored"}


class RoleEditor:
    """Changes roles, types and missing values of columns, and the tasks that predict them.

    Args:
        document: The experiment.
        info: Returns the description of its data set, None until it has been read.
        notify: Called with a sentence when an edit changed more than was asked for.
    """

    def __init__(
        self,
        document: Document,
        info: Callable[[], DatasetInfo | None],
        notify: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._document = document
        self._info = info
        self._notify = notify

    @property
    def data(self) -> dict[str, Any]:
        """The experiment as it stands."""
        return self._document.data

    @property
    def info(self) -> DatasetInfo | None:
        """The description of its data set, None until it has been read."""
        return self._info()

    def column(self, name: str) -> ColumnInfo | None:
        """The description of a column, None while it is unknown."""
        info = self.info
        return next((c for c in info.columns if c.name == name), None) if info else None

    def set_role(self, column: str, role: Role) -> None:
        """Make a column an input, a target or neither."""
        if (info := self.info) is not None:
            self._edit(roles.with_role(self.data, info, column, role), f"Make {column} {ARTICLES[role]}")

    def set_all(self, role: Role) -> None:
        """Give every column that is no target one role."""
        if (info := self.info) is None:
            return
        current = roles.roles_of(self.data, info)
        new: dict[str, Role] = {name: role for name, old in current.items() if old != "target"}
        self._edit(roles.with_roles(self.data, info, new), f"Make all other columns {role}")

    def set_type(self, column: str, column_type: str) -> None:
        """Read a column as numbers, as categories or as text."""
        column_info, info = self.column(column), self.info
        if column_info is None or info is None:
            return
        changes = roles.with_type(self.data, column_info, column_type)
        current = roles.roles_of(self.data, info)
        others = [name for name, role in current.items() if role == "input" and name != column]
        alone = column_type == "text" and current[column] == "input"
        if alone:
            changes |= dataset_choice.text_input_changes(self.data, column)
        self._edit(changes, f"Read {column} as {column_type}")
        if alone:
            self._notify_single_text(column, others, layers="model.shared" in changes)

    def set_missing(self, column: str, texts: Sequence[str] | None) -> None:
        """Say which texts count as missing in a column; None: the usual ones."""
        missing = {name: other for name, other in (self.data["dataset"].get("missing") or {}).items() if name != column}
        if texts is not None:
            missing[column] = list(texts)
        self._edit({"dataset.missing": missing}, f"Change what is missing in {column}")

    def _notify_single_text(self, column: str, others: Sequence[str], *, layers: bool) -> None:
        """Say what else changed when a column became the only input because it is read as text."""
        parts = [f"{format_names(others)} {'is' if len(others) == 1 else 'are'} ignored now"] if others else []
        parts += ["layers that read text took the place of the model's"] if layers else []
        if parts:
            self._notify(f"A text is read alone: with {column} as text, {' and '.join(parts)}.")

    def set_kind(self, index: int, kind: str) -> None:
        """Change the kind of a task."""
        name = self.data["tasks"][index]["name"]
        self._edit(roles.with_kind(self.data, index, kind), f"Make {name} {roles.KIND_TITLES[kind].lower()}")

    def set_kind_of_column(self, column: str, kind: str) -> None:
        """Change the kind of the task that predicts a column."""
        index = roles.task_index_of(self.data, column)
        if index >= 0:
            self.set_kind(index, kind)

    def add_task(self, task: dict[str, Any]) -> None:
        """Add a task."""
        self._edit({"tasks": [*(self.data.get("tasks") or ()), task]}, f"Add task {task['name']}")

    def add_tasks(self, tasks: Sequence[dict[str, Any]]) -> None:
        """Add several tasks."""
        names = format_names([str(task["name"]) for task in tasks])
        self._edit({"tasks": [*(self.data.get("tasks") or ()), *tasks]}, f"Add tasks {names}")

    def rename_task(self, index: int, name: str) -> None:
        """Rename a task, and with it its head, weight and monitor."""
        self._document.set(f"tasks[{index}].name", name, f"Rename task to {name}", merge=False)

    def remove_task(self, index: int) -> None:
        """Remove a task; its target columns are ignored from then on."""
        if (info := self.info) is not None:
            task = self.data["tasks"][index]
            ignored: dict[str, Role] = dict.fromkeys(roles.targets_of(task), "ignore")
            self._edit(roles.with_roles(self.data, info, ignored), f"Remove task {task['name']}")
        else:
            self._document.remove(f"tasks[{index}]", "Remove task")

    def set_split(self, values: Mapping[str, Any]) -> None:
        """Change settings of the split; a column that divides the rows is no input from then on."""
        label = "Change the seed of the split" if "seed" in values else "Change the split"
        split = {**(self.data["dataset"].get("split") or {}), **values}
        changes = {f"dataset.split.{name}": value for name, value in values.items()}
        merge = None if len(inputs := roles.without_inputs(self.data, split_columns(split))) == 0 else False
        self._document.set_many(changes | inputs, label, merge=merge)

    def set_split_kind(self, split: Mapping[str, Any]) -> None:
        """Divide the rows in another way; a column that divides the rows is no input from then on."""
        title = split_kind(split).title
        changes = {"dataset.split": dict(split)} | roles.without_inputs(self.data, split_columns(split))
        self._edit(changes, f"Divide the rows: {title}")

    def add_target(self, column: str, index: int) -> None:
        """Add a column to the targets of the task at ``index``."""
        data = self.data
        changes = roles.with_added_target(data, column, index)
        inputs = data["dataset"].get("inputs")
        if inputs and column in inputs:
            changes["dataset.inputs"] = [name for name in inputs if name != column]
        self._edit(changes, f"Predict {column} with {data['tasks'][index]['name']}")

    def separate_target(self, column: ColumnInfo) -> None:
        """Move a target of a task that has several to a task of its own."""
        self._edit(roles.with_separate_task(self.data, column), f"Predict {column.name} on its own")

    def _edit(self, changes: dict[str, Any], label: str) -> None:
        self._document.set_many(changes, label, merge=False)

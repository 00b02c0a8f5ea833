"""Edits of column roles and tasks, each one step of undo."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.document import Document
from app.pages.data import named_inputs, roles
from mtl_core.spec import ColumnInfo, DatasetInfo
from mtl_core.spec.data.dataset import DATE_PARTS, DEFAULT_DATE_PARTS, DatePart
from mtl_core.spec.data.splits import split_columns, split_kind
from mtl_core.spec.reports import Role
from mtl_core.text import format_names

ARTICLES: dict[Role, str] = {"input": "an input", "target": "a target", "ignore": "ignored"}
INPUT_ARTICLES = {"table": "a table", "text": "a text", "image": "an image", "sound": "a sound"}


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
            changes = roles.with_role(self.data, info, column, role)
            self._edit(changes, f"Make {column} {ARTICLES[role]}")
            self._notify_inputs(changes)

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
        inputs = named_inputs.named_inputs(self.data, info)
        name = named_inputs.input_of(inputs, column)
        kind = inputs[name]["kind"] if name else ""
        tables = named_inputs.tables_of(inputs)
        if column_type == "text" and kind == "table":
            changes |= named_inputs.with_inputs(self.data, info, named_inputs.moved_to_new(inputs, column_info, "text"))
        elif column_type != "text" and kind == "text":
            as_table = named_inputs.moved_to(inputs, info, column, tables[0]) if tables else None
            as_table = as_table or named_inputs.moved_to_new(inputs, column_info, "table")
            changes |= named_inputs.with_inputs(self.data, info, as_table)
        changes["dataset.types"] = {**(changes.get("dataset.types") or {}), column: column_type}
        if column_type != "numeric" and column in (parts := self.data["dataset"].get("date_features") or {}):
            changes["dataset.date_features"] = {name: other for name, other in parts.items() if name != column}
        self._edit(changes, f"Read {column} as {column_type}")
        self._notify_inputs(changes)

    def set_missing(self, column: str, texts: Sequence[str] | None) -> None:
        """Say which texts count as missing in a column; None: the usual ones."""
        missing = {name: other for name, other in (self.data["dataset"].get("missing") or {}).items() if name != column}
        if texts is not None:
            missing[column] = list(texts)
        self._edit({"dataset.missing": missing}, f"Change what is missing in {column}")

    def date_parts(self, column: str) -> tuple[DatePart, ...]:
        """What the dates of a column become as inputs."""
        stated = (self.data["dataset"].get("date_features") or {}).get(column) or DEFAULT_DATE_PARTS
        return tuple(part for part in DATE_PARTS if part in stated)

    def set_date_part(self, column: str, part: DatePart, wanted: bool) -> None:
        """Make a part of the dates of a column an input, or no input any more."""
        current = {*self.date_parts(column), part} if wanted else {*self.date_parts(column)} - {part}
        parts = [other for other in DATE_PARTS if other in current]
        if not parts:
            return
        features = dict(self.data["dataset"].get("date_features") or {})
        features[column] = parts
        if parts == list(DEFAULT_DATE_PARTS):
            del features[column]
        label = f"Read the {part} of {column}" if wanted else f"Leave out the {part} of {column}"
        self._edit({"dataset.date_features": features}, label)

    def _notify_inputs(self, changes: dict[str, Any]) -> None:
        """Say what an edit of the inputs changed in the model."""
        inputs = changes.get("dataset.inputs")
        if isinstance(inputs, dict) and "model.inputs" in changes:
            count, names = len(inputs), format_names(list(inputs))
            self._notify(
                f"The model reads {count} inputs now ({names}): each has its own layers, and a fusion joins them."
            )
        elif "model.shared" in changes:
            self._notify("Layers that read the input took the place of the model's.")

    # --- inputs

    def move_to_input(self, column: str, name: str) -> None:
        """Move a column to the input of that name, a table."""
        if (info := self.info) is not None:
            inputs = named_inputs.moved_to(named_inputs.named_inputs(self.data, info), info, column, name)
            self._set_inputs(info, column, inputs, f"Move {column} to {name}")

    def move_to_new_input(self, column: str, kind: str) -> None:
        """Make a column an input of its own."""
        column_info, info = self.column(column), self.info
        if column_info is not None and info is not None:
            inputs = named_inputs.moved_to_new(named_inputs.named_inputs(self.data, info), column_info, kind)
            self._set_inputs(info, column, inputs, f"Make {column} {INPUT_ARTICLES.get(kind, 'an input')} of its own")

    def rename_input(self, old: str, new: str) -> None:
        """Rename an input, and with it its encoder."""
        if (info := self.info) is not None and new not in (current := named_inputs.named_inputs(self.data, info)):
            self._edit({"dataset.inputs": named_inputs.renamed(current, old, new)}, f"Rename input to {new}")

    def remove_input(self, name: str) -> None:
        """Remove an input; its columns are ignored from then on."""
        if (info := self.info) is not None:
            rest = {key: value for key, value in named_inputs.named_inputs(self.data, info).items() if key != name}
            self._edit(named_inputs.with_inputs(self.data, info, rest), f"Remove input {name}")

    def _set_inputs(self, info: DatasetInfo, column: str, inputs: named_inputs.Inputs, label: str) -> None:
        """Change the inputs; a column that was a target is one no more."""
        changes = named_inputs.with_inputs(self.data, info, inputs)
        if roles.task_index_of(self.data, column) >= 0:
            changes["tasks"] = roles.tasks_without_target(self.data, column)
        self._edit(changes, label)
        self._notify_inputs(changes)

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
        if (info := self.info) is not None and data["dataset"].get("inputs"):
            inputs = named_inputs.named_inputs(data, info)
            if named_inputs.input_of(inputs, column):
                changes |= named_inputs.with_inputs(data, info, named_inputs.without_columns(inputs, {column}))
        self._edit(changes, f"Predict {column} with {data['tasks'][index]['name']}")

    def separate_target(self, column: ColumnInfo) -> None:
        """Move a target of a task that has several to a task of its own."""
        self._edit(roles.with_separate_task(self.data, column), f"Predict {column.name} on its own")

    def _edit(self, changes: dict[str, Any], label: str) -> None:
        self._document.set_many(changes, label, merge=False)

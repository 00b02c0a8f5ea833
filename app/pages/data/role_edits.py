"""Edits of roles and tasks, each one step of undo."""

from collections.abc import Callable, Sequence
from typing import Any

from app.document import Document
from app.pages.data import dataset_choice, roles
from mtl_core.spec import ColumnInfo, DatasetInfo
from mtl_core.spec.reports import Role
from mtl_core.text import format_names

ARTICLES: dict[Role, str] = {"input": "an input", "target": "a target", "ignore": "ignored"}


class RoleEditor:
    """What can be done to the columns of a data set and to the tasks that predict them.

    Args:
        document: The experiment.
        info: What is known of its data set, if it has been read.
        tell: Told what an edit changed beside what was asked for.
    """

    def __init__(
        self,
        document: Document,
        info: Callable[[], DatasetInfo | None],
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        self._document = document
        self._info = info
        self._tell = tell

    @property
    def data(self) -> dict[str, Any]:
        """The experiment as it stands."""
        return self._document.data

    @property
    def info(self) -> DatasetInfo | None:
        """What is known of its data set, if it has been read."""
        return self._info()

    def column(self, name: str) -> ColumnInfo | None:
        """What is known of a column."""
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
        now = roles.roles_of(self.data, info)
        wanted: dict[str, Role] = {name: role for name, old in now.items() if old != "target"}
        self._edit(roles.with_roles(self.data, info, wanted), f"Make all other columns {role}")

    def set_type(self, column: str, wanted: str) -> None:
        """Read a column as numbers, as categories or as text."""
        found, info = self.column(column), self.info
        if found is None or info is None:
            return
        changes = roles.with_type(self.data, found, wanted)
        now = roles.roles_of(self.data, info)
        others = [name for name, role in now.items() if role == "input" and name != column]
        alone = wanted == "text" and now[column] == "input"
        if alone:
            changes |= dataset_choice.text_input_changes(self.data, column)
        self._edit(changes, f"Read {column} as {wanted}")
        if alone:
            self._notify_single_text(column, others, layers="model.shared" in changes)

    def set_missing(self, column: str, texts: Sequence[str] | None) -> None:
        """Say which texts count as missing in a column; None: the usual ones."""
        missing = {name: kept for name, kept in (self.data["dataset"].get("missing") or {}).items() if name != column}
        if texts is not None:
            missing[column] = list(texts)
        self._edit({"dataset.missing": missing}, f"Change what is missing in {column}")

    def _notify_single_text(self, column: str, others: Sequence[str], *, layers: bool) -> None:
        """That a text is read alone, where that changed more than its type."""
        parts = [f"{format_names(others)} {'is' if len(others) == 1 else 'are'} ignored now"] if others else []
        parts += ["layers that read text took the place of the model's"] if layers else []
        if parts:
            self._tell(f"A text is read alone: with {column} as text, {' and '.join(parts)}.")

    def set_kind(self, place: int, kind: str) -> None:
        """Make a task one of another kind."""
        name = self.data["tasks"][place]["name"]
        self._edit(roles.with_kind(self.data, place, kind), f"Make {name} {roles.KIND_TITLES[kind].lower()}")

    def set_kind_of_column(self, column: str, kind: str) -> None:
        """Make the task that predicts a column one of another kind."""
        place = roles.task_index_of(self.data, column)
        if place >= 0:
            self.set_kind(place, kind)

    def add_task(self, task: dict[str, Any]) -> None:
        """Predict something more."""
        self._edit({"tasks": [*(self.data.get("tasks") or ()), task]}, f"Add task {task['name']}")

    def add_tasks(self, tasks: Sequence[dict[str, Any]]) -> None:
        """Predict several things more."""
        names = format_names([str(task["name"]) for task in tasks])
        self._edit({"tasks": [*(self.data.get("tasks") or ()), *tasks]}, f"Add tasks {names}")

    def rename_task(self, place: int, name: str) -> None:
        """Call a task something else; its head, weight and monitor follow."""
        self._document.set(f"tasks[{place}].name", name, f"Rename task to {name}", merge=False)

    def remove_task(self, place: int) -> None:
        """Predict nothing from a task's targets any more."""
        if (info := self.info) is not None:
            task = self.data["tasks"][place]
            wanted: dict[str, Role] = dict.fromkeys(roles.targets_of(task), "ignore")
            self._edit(roles.with_roles(self.data, info, wanted), f"Remove task {task['name']}")
        else:
            self._document.remove(f"tasks[{place}]", "Remove task")

    def add_target(self, column: str, place: int) -> None:
        """Have the task at ``place`` predict a column as well."""
        data = self.data
        changes = roles.with_added_target(data, column, place)
        inputs = data["dataset"].get("inputs")
        if inputs and column in inputs:
            changes["dataset.inputs"] = [name for name in inputs if name != column]
        self._edit(changes, f"Predict {column} with {data['tasks'][place]['name']}")

    def separate_target(self, column: ColumnInfo) -> None:
        """Give a column of a task of several a task of its own."""
        self._edit(roles.with_separate_task(self.data, column), f"Predict {column.name} on its own")

    def _edit(self, changes: dict[str, Any], label: str) -> None:
        self._document.set_many(changes, label, merge=False)

"""The split by a group, such as a patient, a customer or a writer."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.data.splits.base import SharesSplit, seed_field, tasks_field
from mtl_core.spec.tasks import Column, Task


class GroupSplit(SharesSplit):
    """All rows of a group, such as a patient, in the same part."""

    title: ClassVar[str] = "By group"
    kind: Literal["group"] = "group"
    column: Column = field(help="The column that names the group of a row; it is no input.", widget="column")
    seed: int = seed_field()
    tasks: tuple[Task, ...] = tasks_field()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of groups."""
        return (self.column,)

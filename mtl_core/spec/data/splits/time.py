"""The split by time."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.data.splits.base import SharesSplit, tasks_field
from mtl_core.spec.tasks import Column, Task


class TimeSplit(SharesSplit):
    """The oldest rows for training, then validation, the newest for the test."""

    title: ClassVar[str] = "By time"
    kind: Literal["time"] = "time"
    column: Column = field(help="The column of dates or numbers that orders the rows; it is no input.", widget="column")
    tasks: tuple[Task, ...] = tasks_field()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of times."""
        return (self.column,)

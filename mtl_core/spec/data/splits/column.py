"""The split that a column of the data states."""

from typing import ClassVar, Literal

from pydantic import model_validator

from mtl_core.spec.base import field
from mtl_core.spec.data.splits.base import BaseSplit, seed_field, tasks_field, validation_field
from mtl_core.spec.tasks import Column, Task


class ColumnSplit(BaseSplit):
    """As a column of the data says, row by row; rows without a word there are left out."""

    title: ClassVar[str] = "By column"
    kind: Literal["column"] = "column"
    column: Column = field(help="The column that says which part a row is in; it is no input.", widget="column")
    train_values: tuple[str, ...] = field(
        ("train", "training"), "Its values for training rows; capital letters do not matter.", min_length=1
    )
    val_values: tuple[str, ...] = field(
        ("val", "valid", "validation", "dev"), "Its values for validation rows.", title="Validation values"
    )
    test_values: tuple[str, ...] = field(("test", "testing"), "Its values for test rows.", min_length=1)
    validation: float = validation_field("Share of the training rows to validate on where the column names none.")
    seed: int = seed_field()
    tasks: tuple[Task, ...] = tasks_field()

    @property
    def columns(self) -> tuple[str, ...]:
        """The column that states the split."""
        return (self.column,)

    @property
    def train_share(self) -> float:
        """The usual share, as the data are not known here."""
        return 0.7

    @property
    def values(self) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """The values of training, validation and test rows, as they are compared."""
        train, val, test = (
            tuple(map(normalize_value, values)) for values in (self.train_values, self.val_values, self.test_values)
        )
        return train, val, test

    @model_validator(mode="after")
    def _each_value_once(self) -> "ColumnSplit":
        seen: set[str] = set()
        for values in map(set, self.values):
            if both := sorted(seen & values):
                raise ValueError(f"a value names one part of the rows, {both[0]!r} names two")
            seen |= values
        return self


def normalize_value(text: str) -> str:
    """A cell of the column as it is compared with the values."""
    return text.strip().casefold()

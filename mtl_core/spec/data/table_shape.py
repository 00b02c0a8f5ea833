"""The shape of a table's rows as a model's input, with the place of each column in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class TableColumn:
    """The features of a column: a standardized number with its bins, or a one-hot category.

    Attributes:
        start: Index of its first feature.
        width: Number of its features, at least 1.
        categorical: Whether they are the one-hot values of a category, all 0 for an unseen one; else the first is the
            number, as transformed, and the next ones are its standardized bins, all divided by :attr:`root`.
        bins: Mean and standard deviation of each bin's piecewise-linear feature.
        marks_missing: Whether the last feature of a number is 1 where the cell is missing, else 0.
    """

    start: int
    width: int
    categorical: bool = False
    bins: tuple[tuple[float, float], ...] = ()
    marks_missing: bool = False

    @property
    def root(self) -> float:
        """What a number and its bins are divided by, so that together they have variance 1."""
        return sqrt(1 + len(self.bins))


class TableShape(tuple[int, ...]):
    """The shape ``(features,)`` of a row of a table, with its columns; equal to the tuple.

    Layers that embed columns need them. The output of any layer has a plain shape.

    Args:
        columns: In the order of their features.
    """

    columns: tuple[TableColumn, ...]

    def __new__(cls, columns: Sequence[TableColumn]) -> "TableShape":
        """Creates the shape from its columns."""
        shape = super().__new__(cls, (sum(column.width for column in columns),))
        shape.columns = tuple(columns)
        return shape

    def __getnewargs__(self) -> tuple[tuple[TableColumn, ...]]:
        """The arguments of a copy."""
        return (self.columns,)

"""The rule that a column which divides the rows is no input."""

from collections.abc import Iterator

from mtl_core.errors import Problem
from mtl_core.spec.data.dataset import Dataset


def split_column_problems(dataset: Dataset) -> Iterator[Problem]:
    """Problems of inputs that are columns of the split."""
    for i, column in enumerate(dataset.inputs or ()):
        if column in dataset.split.columns:
            rule = "a column that divides the rows is no input"
            yield Problem(f"dataset.inputs[{i}]", rule, repr(column), "Leave it out, or take another split.")

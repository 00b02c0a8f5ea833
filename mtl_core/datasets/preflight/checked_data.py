"""The data of an experiment as the checks see them: typed columns, labels and splits, without tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mtl_core.datasets.inputs.registry import inputs_of, open_inputs
from mtl_core.datasets.label_reader import read_labels
from mtl_core.datasets.preflight.equal_rows import EqualRows, find_equal_rows
from mtl_core.datasets.preflight.identifier_reason import identifier_reason
from mtl_core.datasets.registry import KINDS, open_source
from mtl_core.datasets.reviewed_rows import apply_reviewed_list
from mtl_core.datasets.source import Source
from mtl_core.datasets.splits.division import divide_rows
from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.spec import Dataset, TableInput, Task, TextInput
from mtl_core.tabular.column import Column, Rows
from mtl_core.tasks.targets.labels import Labels, TargetSource

SAMPLE_ROWS = 10_000
"""Rows that checks of pairs of columns look at."""


@dataclass(frozen=True, eq=False)
class CheckedData:
    """The data of an experiment.

    Attributes:
        dataset: The spec of the data.
        tasks: The tasks.
        source: The columns.
        table_inputs: The input columns that are read as numbers or categories.
        input_names: All input columns, those of texts, pictures and sounds included.
        labels: The labels of the tasks.
        splits: The rows of each split.
    """

    dataset: Dataset
    tasks: tuple[Task, ...]
    source: Source
    table_inputs: tuple[Column, ...]
    input_names: tuple[str, ...]
    labels: tuple[Labels, ...]
    splits: tuple[Rows, ...]

    @cached_property
    def rows(self) -> Rows:
        """The rows of all splits, in the order of the data."""
        return np.sort(np.concatenate(self.splits))

    @cached_property
    def sample(self) -> Rows:
        """At most :data:`SAMPLE_ROWS` of the rows, drawn at random, always the same ones."""
        if len(self.rows) <= SAMPLE_ROWS:
            return self.rows
        return np.sort(np.random.default_rng(0).choice(self.rows, SAMPLE_ROWS, replace=False))

    @cached_property
    def targets(self) -> frozenset[str]:
        """The target columns."""
        return frozenset(target for task in self.tasks for target in task.targets)

    @cached_property
    def other_columns(self) -> tuple[Column, ...]:
        """The columns that are no targets and divide no rows."""
        excluded = self.targets | set(self.dataset.split.columns)
        return tuple(column for name, column in self.source.columns.items() if name not in excluded)

    @cached_property
    def used_columns(self) -> tuple[Column, ...]:
        """The input columns of tables, then the target columns."""
        names = [name for name in self.source.columns if name in self.targets]
        return (*self.table_inputs, *(self.source.columns[name] for name in names))

    @cached_property
    def equal_rows(self) -> EqualRows | None:
        """The rows with equal inputs, whatever identifies them; None where there is nothing to compare."""
        identifiers = {column.name for column in self.table_inputs if identifier_reason(column)}
        return find_equal_rows(self.source, [name for name in self.input_names if name not in identifiers])


def open_data(dataset: Dataset, tasks: Sequence[Task]) -> CheckedData:
    """Read the data of an experiment.

    Raises:
        InputError: They cannot be read, or do not suit the inputs, the split or the targets.
    """
    source = open_source(dataset)
    KINDS[dataset.kind].check_settings(dataset, source)
    spec_inputs = inputs_of(dataset, source, (*tasks, *dataset.split.tasks))
    readers = open_inputs([i for i in spec_inputs if isinstance(i.spec, TextInput)], source)
    tokens = next((reader.tokens for reader in readers.values() if reader.tokens is not None), None)
    target_source = TargetSource(source.columns, source.maps, tokens)
    labels = read_labels(tasks, target_source)
    split_labels = read_labels(dataset.split.tasks, target_source, "dataset.split.tasks") or labels
    labeled = np.flatnonzero(np.any([task_labels.labeled for task_labels in split_labels], axis=0))
    splits, _ = divide_rows(dataset.split, LabeledRows(labeled, source.columns, split_labels), source.split)
    reviewed = apply_reviewed_list(dataset, source, labels, splits)
    tables = [spec_input.spec for spec_input in spec_inputs if isinstance(spec_input.spec, TableInput)]
    names = dict.fromkeys(name for table in tables for name in table.columns)
    return CheckedData(
        dataset=dataset,
        tasks=tuple(tasks),
        source=source,
        table_inputs=tuple(source.columns[name] for name in names if source.columns[name].type != "text"),
        input_names=tuple(dict.fromkeys(name for i in spec_inputs for name in i.spec.source_columns)),
        labels=tuple(reviewed.labels),
        splits=tuple(reviewed.splits),
    )

"""The checks of data, each from the module of its name, and how all of them are run."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

from mtl_core.datasets.preflight.checked_data import CheckedData, open_data
from mtl_core.spec import Dataset, Task
from mtl_core.spec.data.data_findings import DataFinding

CHECKS = (
    "duplicates",
    "shared_groups",
    "overlapping_times",
    "derived_inputs",
    "identifiers",
    "disagreeing_labels",
    "constants",
    "absent_classes",
    "imbalance",
    "missing_codes",
    "decimal_marks",
    "mixed_cells",
    "empty_columns",
    "equal_columns",
    "free_text",
    "many_categories",
    "category_variants",
)
"""Their names, in the order of their findings: leaks first, then tasks, then columns."""

_FIND: dict[str, Callable[[CheckedData], Iterator[DataFinding]]] = {
    name: import_module(f"mtl_core.datasets.preflight.checks.{name}").find for name in CHECKS
}


def check_data(dataset: Dataset, tasks: Sequence[Task]) -> list[DataFinding]:
    """Check the data of an experiment; an empty list where nothing is amiss.

    Args:
        dataset: The data, its inputs and its split.
        tasks: The tasks of the experiment.

    Raises:
        InputError: The data cannot be read, or do not suit the inputs, the split or the targets.
    """
    if not any(task.predicts for task in tasks):
        return []
    data = open_data(dataset, tasks)
    return [finding.model_copy(update={"check": name}) for name, find in _FIND.items() for finding in find(data)]

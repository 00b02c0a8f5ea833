"""The rows that two runs of a store predict differently, if they have the same rows and targets."""

import numpy as np

from mtl_core.analysis.diagnostics.disagreements import different_rows
from mtl_core.analysis.diagnostics.predictions import TaskPredictions
from mtl_core.analysis.diagnostics.report import describe_hard_row
from mtl_core.datasets.registry import data_version, open_source
from mtl_core.protocol.diagnostics import Disagreements, RowDisagreement
from mtl_core.protocol.series_key import SplitName
from mtl_core.runner.reviewed_copy import with_kept_list
from mtl_core.runner.run_diagnostics import row_values, run_predictions
from mtl_core.spec import ExperimentSpec, InputError
from mtl_core.store import RunStore

MOST_ROWS = 50
"""Most rows that are named."""


def compare_rows(store: RunStore, runs: tuple[int, int], split: SplitName, task: str) -> Disagreements:
    """Find the rows of a split that the best models of two runs predict differently in a task.

    Args:
        store: The store.
        runs: Two runs with the same data, rows and targets; inputs, models and other tasks may differ.
        split: The split.
        task: A task of both.

    Raises:
        InputError: There is no such run or task, a run has no checkpoint, its data has changed, or the runs have other
            data, rows or targets; the error says which.
    """
    if runs[0] == runs[1]:
        raise InputError("runs", "must be two different runs", found=f"run {runs[0]} twice")
    specs = [with_kept_list(store, run, store.spec(run)) for run in runs]
    for run, spec in zip(runs, specs, strict=True):
        if task not in spec.task_names:
            fix = "Its tasks are " + ", ".join(spec.task_names) + "."
            raise InputError("task", f"run {run} has no such task", found=task, fix=fix)
    fingerprints = {store.run(run).fingerprint for run in runs}
    if len(fingerprints) > 1 or "" in fingerprints:  # other inputs or tasks, or other data
        _check_data(runs, specs)
    first, second = (_task_predictions(store, run, split, task) for run in runs)
    _check_rows(runs, specs, split, first, second)
    found = different_rows(first, second)
    named = found.positions[:MOST_ROWS].tolist()
    rows = tuple(_describe(first, second, position) for position in named)
    numbers = sorted(row.row - 1 for row in rows)
    return Disagreements(
        runs=runs,
        split=split,
        task=task,
        kind=next(entry.kind for entry in specs[0].tasks if entry.name == task),
        labeled=int((first.labeled & second.labeled).sum()),
        different=len(found.positions),
        right=found.right,
        lower_loss=found.lower_loss,
        rows=rows,
        values=row_values(specs[0], open_source(specs[0].dataset), split, numbers, []),
    )


def _task_predictions(store: RunStore, run: int, split: SplitName, task: str) -> TaskPredictions:
    return next(entry for entry in run_predictions(store, run, split) if entry.task == task)


def _check_data(runs: tuple[int, int], specs: list[ExperimentSpec]) -> None:
    """Check what can be told without predictions."""
    first, second = (spec.dataset for spec in specs)
    sources = [(data.kind, getattr(data, "name", None), data_version(data)) for data in (first, second)]
    if sources[0] != sources[1]:
        raise _other_error(runs, "have different data")
    splits = [data.split.model_dump(exclude={"tasks"}) for data in (first, second)]
    if splits[0] != splits[1]:
        raise _other_error(runs, "divide the rows differently (dataset.split)")


def _check_rows(
    runs: tuple[int, int],
    specs: list[ExperimentSpec],
    split: SplitName,
    first: TaskPredictions,
    second: TaskPredictions,
) -> None:
    """Check that two predictions are of the same rows and targets."""
    if not np.array_equal(first.rows, second.rows):
        counts = f"{len(first)} and {len(second)}"
        why = ", as their reviewed lists differ" if specs[0].dataset.reviewed or specs[1].dataset.reviewed else ""
        raise _other_error(runs, f"have different {split} rows{why}", counts)
    same = first.form == second.form and first.names == second.names
    if not same or not np.array_equal(first.targets, second.targets, equal_nan=first.targets.dtype.kind == "f"):
        raise _other_error(runs, f"have different labels of task {first.task!r}")


def _other_error(runs: tuple[int, int], rule: str, found: str = "") -> InputError:
    fix = "Choose two runs with the same data and split."
    where, rule = f"runs {runs[0]} and {runs[1]}", f"{rule}, so their rows cannot be compared"
    return InputError(where, rule, found=found or None, fix=fix)


def _describe(first: TaskPredictions, second: TaskPredictions, position: int) -> RowDisagreement:
    one, other = describe_hard_row(first, position), describe_hard_row(second, position)
    has_classes = first.form in ("classes", "labels")
    return RowDisagreement(
        row=one.row,
        true=one.true,
        predicted=(one.predicted, other.predicted),
        losses=(one.loss, other.loss),
        right=(not first.errors[position], not second.errors[position]) if has_classes else (),
    )

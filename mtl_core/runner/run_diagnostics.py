"""Diagnostics of a run of a store, with the values of the rows that they name."""

from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches

import numpy as np

from mtl_core.analysis.diagnostics.predictions import TaskPredictions
from mtl_core.analysis.diagnostics.report import common_error_counts, task_diagnostics
from mtl_core.analysis.diagnostics.row_groups import MOST_GROUPS, RowGroups, group_by_category, group_by_number
from mtl_core.datasets.inputs.registry import reads_files
from mtl_core.datasets.preparation import load_outline
from mtl_core.datasets.registry import open_source
from mtl_core.datasets.reviewed_rows import row_digest
from mtl_core.datasets.samples import row_samples
from mtl_core.datasets.source import Source
from mtl_core.errors import WorkbenchError
from mtl_core.evaluation.task_predictions import (
    ARTIFACT_KIND,
    PredictionKey,
    predict_tasks,
    predictions_path,
    read_predictions,
    write_predictions,
)
from mtl_core.protocol.diagnostics import HARDEST, Diagnostics, RowValues
from mtl_core.protocol.series_key import SplitName
from mtl_core.runner.reviewed_copy import with_kept_list
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec import ExperimentSpec, InputError, shorten
from mtl_core.store import RunStore
from mtl_core.tabular.column import Column, Rows, format_number
from mtl_core.tabular.values.dates import date_text

MOST_COLUMNS = 40
"""Most columns of the table whose cells are given."""
_LONGEST_CELL = 200


def run_predictions(store: RunStore, run: int, split: SplitName) -> tuple[TaskPredictions, ...]:
    """Return the predictions of a run's best model on a split; those kept from an earlier call if nothing changed.

    Raises:
        InputError: There is no such run, it has no checkpoint, or the data has changed.
    """
    saved = saved_run(store, run)
    key, path = PredictionKey.of(saved), predictions_path(store.artifacts_dir(run), split)
    kept = read_predictions(path, key)
    if kept is not None:
        return kept
    tasks = predict_tasks(saved, split)
    with suppress(WorkbenchError):  # a store that cannot be written to: they are computed again next time
        write_predictions(path, key, tasks)
        store.add_artifact(run, f"{ARTIFACT_KIND}:{split}", path)
    return tasks


def diagnose_run(
    store: RunStore, run: int, split: SplitName, *, task: str = "", group: str = "", hardest: int = HARDEST
) -> Diagnostics:
    """Describe how well a run's best model predicts the rows of a split.

    Args:
        store: The store.
        run: The run.
        split: The rows.
        task: The task to describe; empty for all.
        group: Column by which rows are grouped; empty for no groups.
        hardest: How many rows of highest loss are named for each task.

    Raises:
        InputError: As of :func:`run_predictions`, or there is no such task or column.
    """
    tasks, spec = run_predictions(store, run, split), with_kept_list(store, run, store.spec(run))
    source, rows = open_source(spec.dataset), tasks[0].rows
    groups = _group_rows(source, group, rows) if group else None
    kinds = {entry.name: entry.kind for entry in spec.tasks}
    if task and task not in kinds:
        fix = "The tasks are " + ", ".join(kinds) + "."
        raise InputError("task", f"run {run} has no such task", found=task, fix=fix)
    chosen = [predictions for predictions in tasks if task in ("", predictions.task)]
    reports = tuple(
        task_diagnostics(predictions, kinds[predictions.task], groups, hardest=hardest) for predictions in chosen
    )
    common = common_error_counts(tasks) if len(tasks) > 1 else None
    named = {entry.row - 1 for report in reports for entry in report.hardest}
    named |= {entry.row - 1 for entry in (common.rows if common else ())}
    return Diagnostics(
        run=run,
        split=split,
        rows=len(rows),
        group=group,
        group_columns=tuple(source.columns),
        task_names=tuple(kinds),
        tasks=reports,
        common=common,
        values=row_values(spec, source, split, sorted(named), [entry.row - 1 for entry in reports[0].hardest]),
    )


def run_row_values(store: RunStore, run: int, split: SplitName, rows: Sequence[int]) -> RowValues:
    """Return the values of rows of the data of a run, and how its model sees them.

    Args:
        store: The store.
        run: The run.
        split: The split of the rows.
        rows: Their numbers in the data, from 1.

    Raises:
        InputError: There is no such run or row, or the data has changed.
    """
    spec, fingerprint = with_kept_list(store, run, store.spec(run)), store.run(run).fingerprint
    data, source = load_outline(spec.dataset, spec.tasks), open_source(spec.dataset)
    # files of pictures and sounds are not all read for a few rows, though their content is part of the fingerprint
    if fingerprint and not reads_files(spec.dataset) and data.fingerprint != fingerprint:
        rule = f"the data has changed since run {run} was trained"
        raise InputError("dataset", rule, fix="Put the old data back.")
    own = data.splits[split].rows
    indices = np.array(rows, np.int64) - 1
    known = np.arange(len(data.splits[split])) if own is None else own.numpy()
    if not np.isin(indices, known).all():
        raise InputError("rows", f"must be rows of the split {split!r}", found=shorten(str(list(rows))))
    return row_values(spec, source, split, indices.tolist(), indices.tolist())


def _group_rows(source: Source, name: str, rows: Rows) -> RowGroups:
    column = source.columns.get(name)
    if column is None:
        close = get_close_matches(name, source.columns, n=1)
        fix = f"Did you mean {close[0]}?" if close else "The columns are " + shorten(", ".join(source.columns)) + "."
        raise InputError("group", "must be a column of the data", found=name, fix=fix)
    if column.type == "numeric" and column.unique_count > MOST_GROUPS:
        order = column.format.dates
        return group_by_number(column.numbers[rows], (lambda value: date_text(value, order)) if order else None)
    return group_by_category(column.codes[rows], column.values)


def row_values(
    spec: ExperimentSpec, source: Source, split: SplitName, rows: Sequence[int], sampled: Sequence[int]
) -> RowValues:
    """The values of some rows, by their indices in the data; pictures, sounds and texts only of those sampled."""
    columns = list(source.columns.values())[:MOST_COLUMNS]
    cells = tuple(tuple(cell_text(column, row) for column in columns) for row in rows)
    names = tuple(column.name for column in columns)
    inputs = row_samples(spec.dataset, spec.tasks, split, np.array(sampled, np.int64))
    numbers, shown = (tuple(row + 1 for row in some) for some in (rows, sampled))
    digests = tuple(row_digest(source, row) for row in rows)
    return RowValues(rows=numbers, columns=names, cells=cells, inputs=inputs, input_rows=shown, digests=digests)


def cell_text(column: Column, row: int) -> str:
    """A cell of the data for people; empty where it is missing."""
    if not column.present[row]:
        return ""
    if column.type == "numeric":
        value = float(column.numbers[row])
        return date_text(value, order=column.format.dates) if column.format.dates else format_number(value)
    return shorten(column.texts[column.text[row]], _LONGEST_CELL)

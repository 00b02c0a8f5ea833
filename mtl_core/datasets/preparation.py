"""Prepare a data set for some tasks: features, targets and splits as tensors."""

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.features import apply_image, apply_inputs, fit_image, fit_inputs
from mtl_core.datasets.label_coverage import label_notes
from mtl_core.datasets.label_reader import read_labels
from mtl_core.datasets.registry import KINDS as DATASET_KINDS
from mtl_core.datasets.registry import open_source, source_key
from mtl_core.datasets.source import Source
from mtl_core.datasets.splits import assign_splits
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import (
    DataNote,
    Dataset,
    InputError,
    OneHot,
    Standardized,
    TargetInfo,
    Task,
    shorten,
)
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import CellFormat, Column, Rows
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.table_columns import missing_label_notes
from mtl_core.tabular.text.tokenizer import tokenizer_digest
from mtl_core.tabular.text.vocabulary import Tokens, apply_text, fit_text, read_tokens
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource

MIN_ROWS = 10
_MIN_CLASS_ROWS = 3
"""A class with fewer labeled rows cannot be in every split."""
_FORMAT = 1
"""The version of the preparation: raise it when the same data would give other tensors."""
_cache: LruCache[TaskData] = LruCache(4)


def load(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    """Load a data set as tensors for some tasks; the same arguments and file give the same tensors, to the bit.

    The last few results are cached and shared: do not write into them.

    Args:
        dataset: The data, its inputs and its split.
        tasks: At least one task.

    Raises:
        InputError: The data cannot be read, or does not suit the inputs, types or targets; the error names the place
            in the spec.
    """
    if not tasks:
        raise InputError("tasks", "there must be at least one task")
    key: Hashable = (source_key(dataset), tuple(task.model_dump_json() for task in tasks))
    return _cache.get(key, lambda: _prepare(dataset, tasks))


def load_again(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    """Load the data of a trained run: as :func:`load`, with the error that the data has changed where it does not fit.

    Raises:
        InputError: The file is gone, or has changed so that the tasks cannot be read from it.
    """
    try:
        return load(dataset, tasks)
    except InputError as error:
        DATASET_KINDS[dataset.kind].stamp(dataset)  # raises where the file is gone
        if error.problem.path.startswith("dataset.text"):
            raise
        rule = f"the data has changed since the run was trained: {error.problem.path} {error.problem.rule}"
        raise InputError("dataset", rule, found=error.problem.found or None, fix="Put the old data back.") from None


def _prepare(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    source = open_source(dataset)
    DATASET_KINDS[dataset.kind].check_settings(dataset, source)
    columns = _input_columns(dataset, (*tasks, *dataset.split.tasks), source)
    tokens = read_tokens(columns[0], dataset.text) if columns and columns[0].type == "text" else None
    target_source = TargetSource(source.columns, source.maps, tokens)
    labels = read_labels(tasks, target_source)
    split_labels = read_labels(dataset.split.tasks, target_source, "dataset.split.tasks") or labels
    used_rows, row_notes = _labeled_rows(split_labels, source)
    splits, split_notes = _split_rows(dataset, split_labels, source, used_rows)
    _check_training_labels(labels, splits)
    target_names = {name for task in tasks for name in task.targets}
    used_names = {column.name for column in columns} | target_names
    missing_notes = missing_label_notes(column for name, column in source.columns.items() if name in target_names)
    inputs, preprocessing, input_notes = _encode_inputs(tokens, columns, dataset, source, splits)
    targets = {task_labels.task.name: _target_info(task_labels, splits[0]) for task_labels in labels}
    train, val, test = (_split(inputs, labels, targets, rows, used_rows) for rows in splits)
    preprocessing["targets"] = {name: _target_data(tasks, info) for name, info in targets.items()}
    reading = _reading(source, used_names, labels)
    later_notes = (*split_notes, *input_notes)
    return TaskData(
        train=train,
        val=val,
        test=test,
        input_shape=tuple(inputs.shape[1:]),
        targets=targets,
        fingerprint=_fingerprint(source, dataset, tasks, reading, text=tokens is not None),
        preprocessing=preprocessing,
        notes=(*source.notes_of(used_names), *missing_notes, *row_notes, *label_notes(labels, splits), *later_notes),
    )


def _target_info(labels: Labels, training_rows: Rows) -> TargetInfo:
    return KINDS[labels.task.kind].target_info(labels, training_rows)


def _encode_inputs(
    tokens: Tokens | None, columns: Sequence[Column], dataset: Dataset, source: Source, splits: Sequence[Rows]
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """Encode all rows as the model's input; also the preprocessing that new rows need, and notes."""
    if tokens is not None:
        return _encode_text(tokens, dataset, splits)
    if source.images is not None:
        image = fit_image(source.images, splits[0])
        return apply_image(image, source.images), {"version": _FORMAT, **image}, []
    return _encode_table(source, columns, splits, dataset)


def _input_columns(dataset: Dataset, tasks: Sequence[Task], source: Source) -> list[Column]:
    """The input columns; empty for images."""
    targets = {target: task.name for task in tasks for target in task.targets}
    if source.images is not None:
        if dataset.inputs:
            raise InputError("dataset.inputs", "the input of this data set is the image", fix="Leave it empty.")
        return []
    names = dataset.inputs or default_inputs(source, tuple(targets))
    if not names:
        raise InputError("dataset.inputs", "name at least one input column")
    for i, name in enumerate(names):
        if name in targets:
            rule = f"a column is an input or a target, not both: it is the target of task {targets[name]!r}"
            raise InputError(f"dataset.inputs[{i}]", rule, found=repr(name))
    columns = [find_column(source.columns, name, f"dataset.inputs[{i}]") for i, name in enumerate(names)]
    text = next((column.name for column in columns if column.type == "text"), None)
    if text is not None and len(columns) > 1:
        rule = "a text is read alone, without other inputs"
        raise InputError("dataset.inputs", rule, found=shorten(", ".join(names)), fix=f"Leave only {text!r}.")
    return columns


def default_inputs(source: Source, targets: Sequence[str]) -> tuple[str, ...]:
    """The inputs when none are named; none of a data set that does not come with the roles of its columns."""
    if source.roles is None or source.images is not None:
        return ()
    return tuple(name for name in source.columns if source.roles[name] == "input" and name not in targets)


def _labeled_rows(labels: Sequence[Labels], source: Source) -> tuple[Rows, list[DataNote]]:
    """The rows in which some task has a label, and a note about the others."""
    has_label = np.any([task_labels.labeled for task_labels in labels], axis=0)
    rows, dropped = np.flatnonzero(has_label), int((~has_label).sum())
    if len(rows) < MIN_ROWS:
        rule = f"must have at least {MIN_ROWS} rows with a label"
        raise InputError("dataset", rule, found=f"{len(rows)} of {source.rows} rows")
    if not dropped:
        return rows, []
    have = "1 of {} rows has" if dropped == 1 else f"{dropped} of {{}} rows have"
    left = "is left out" if dropped == 1 else "are left out"
    what = f"{have.format(source.rows)} no label of any task and {left}."
    return rows, [DataNote(place="file", what=what, count=dropped)]


def _split_rows(
    dataset: Dataset, labels: Sequence[Labels], source: Source, rows: Rows
) -> tuple[list[Rows], list[DataNote]]:
    """Divide rows into splits, stratified by labels, each in the order of the data."""
    if source.split is not None:
        return [rows[source.split[rows] == split] for split in range(len(SPLITS))], []
    keys: list[NDArray[np.int64]] = []
    notes: list[DataNote] = []
    for task_labels in labels:
        if rare := _rare_classes(task_labels):
            name = task_labels.task.name
            what = f"The split is not stratified by {name!r}: {rare}."
            fix = "Merge rare classes in the data, or add rows."
            notes.append(DataNote(place="split", name=name, what=what, fix=fix))
        elif len(np.unique(task_labels.strata[rows])) > 1:
            keys.append(task_labels.strata[rows])
    rng = np.random.default_rng(dataset.split.seed)
    split_of_row = assign_splits(keys, len(rows), dataset.split, rng)
    return [rows[split_of_row == split] for split in range(len(SPLITS))], notes


def _rare_classes(labels: Labels) -> str:
    """Which classes have too few rows to be in every split; empty where all have enough."""
    if labels.codes is None:
        return ""
    counts = np.bincount(labels.codes[labels.labeled], minlength=len(labels.classes))
    rare = [name for name, count in zip(labels.classes, counts, strict=True) if count < _MIN_CLASS_ROWS]
    if not rare:
        return ""
    names = shorten(", ".join(map(repr, rare[:4])) + (" …" if len(rare) > 4 else ""))
    return f"{len(rare)} of its classes have fewer than {_MIN_CLASS_ROWS} rows ({names})"


def _check_training_labels(labels: Sequence[Labels], splits: Sequence[Rows]) -> None:
    for i, task_labels in enumerate(labels):
        if not task_labels.labeled[splits[0]].any():
            rule = f"no row of the training split has a label of task {task_labels.task.name!r}"
            found = f"{int(task_labels.labeled.sum())} labeled rows, all in validation and test"
            raise InputError(f"tasks[{i}].target", rule, found=found, fix="Change dataset.split or drop the task.")


def _encode_table(
    source: Source, columns: Sequence[Column], splits: Sequence[Rows], dataset: Dataset
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """As :func:`_encode_inputs`, for columns of a table."""
    how = (dataset.numeric_inputs, dataset.categorical_inputs)
    encoders, notes = fit_inputs(columns, splits[0], source.missing_texts, *how)
    matrix = apply_inputs(encoders, {column.name: column for column in columns}, source.rows)
    if not matrix.shape[1]:
        raise InputError("dataset.inputs", "no input column has a value in the training rows")
    return matrix, {"version": _FORMAT, "kind": "table", "inputs": encoders}, notes


def _encode_text(
    tokens: Tokens, dataset: Dataset, splits: Sequence[Rows]
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """As :func:`_encode_inputs`, for a text."""
    text, notes = fit_text(tokens, splits[0], dataset.text)
    if not (tokens.codes[splits[0]] >= 0).any():
        raise InputError("dataset.inputs", "no text has a token in the training rows", found=repr(tokens.column))
    return apply_text(text, tokens), {"version": _FORMAT, **text}, notes


def _split(
    inputs: NDArray[np.float32],
    labels: Sequence[Labels],
    targets: dict[str, TargetInfo],
    rows: Rows,
    used_rows: Rows,
) -> Split:
    """The tensors of some rows; ``used_rows`` are those of all splits."""
    tensors, masks = {}, {}
    for task_labels in labels:
        name = task_labels.task.name
        tensors[name] = KINDS[task_labels.task.kind].target_tensor(task_labels, targets[name], rows)
        if (mask := _label_mask(task_labels, used_rows)) is not None:
            masks[name] = torch.from_numpy(mask[rows])
    return Split(torch.from_numpy(inputs[rows]), tensors, masks, torch.from_numpy(rows))


def _label_mask(labels: Labels, used_rows: Rows) -> NDArray[np.bool_] | None:
    """Which rows have a label, or which of its values; None where every used row has all of them."""
    if labels.value_mask is not None and not labels.value_mask[used_rows].all():
        return labels.value_mask
    return None if labels.labeled[used_rows].all() else labels.labeled


def _target_data(tasks: Sequence[Task], info: TargetInfo) -> dict[str, Any]:
    """A target as plain data for the preprocessing, without what concerns the training rows only."""
    columns = next(task.targets for task in tasks if task.name == info.name)
    optional = {"edges": info.edges, "knots": info.knots, "transform": info.transform != "none"}
    excluded = {"name", "labelled", "counts", "value_counts"} | {key for key, value in optional.items() if not value}
    return {"columns": list(columns), **info.model_dump(mode="json", exclude=excluded)}


def _reading(source: Source, used_names: Collection[str], labels: Sequence[Labels]) -> dict[str, Any]:
    """How cells are read, where they are not just plain numbers and whole labels; for the fingerprint."""
    columns = [column for name, column in source.columns.items() if name in used_names]
    cells = {column.name: asdict(column.format) for column in columns if column.format != CellFormat()}
    partly_labeled = [task_labels.task.name for task_labels in labels if task_labels.value_mask is not None]
    return {key: value for key, value in {"cells": cells, "partly labelled": partly_labeled}.items() if value}


def _fingerprint(
    source: Source, dataset: Dataset, tasks: Sequence[Task], reading: Mapping[str, Any], *, text: bool
) -> str:
    """Hash of all that determines the tensors: not the path of the file, and not the losses and metrics of tasks."""
    unused: set[str] = {"tokens", "lowercase", "vocabulary"} if dataset.text.tokenizer else set()
    excluded: dict[str, Any] = {"path": True, "split": {"tasks"}, "text": {"tokenizer", *unused} if text else True}
    excluded |= {key: True for key in ("decimal", "missing", "format") if not getattr(dataset, key, None)}
    excluded |= _excluded_encodings(dataset, table=not text and source.images is None)
    data: dict[str, Any] = {
        "format": _FORMAT,
        "content": source.digest,
        "dataset": dataset.model_dump(mode="json", exclude=excluded),
        "tasks": _target_settings(tasks),
        **reading,
    }
    if text and dataset.text.tokenizer:
        data["tokenizer"] = tokenizer_digest(dataset.text.tokenizer)
    if dataset.split.tasks:
        data["splitting"] = _target_settings(dataset.split.tasks)
    return blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def _excluded_encodings(dataset: Dataset, *, table: bool) -> dict[str, Any]:
    """What the fingerprint leaves out of the encodings of columns: all that is as it was before it was a setting."""
    numeric, categorical = dataset.numeric_inputs, dataset.categorical_inputs
    excluded: dict[str, Any] = {}
    if not table or numeric == Standardized():
        excluded["numeric_inputs"] = True
    elif not numeric.mark_missing:
        excluded["numeric_inputs"] = {"mark_missing"}
    if not table or categorical == OneHot():
        excluded["categorical_inputs"] = True
    return excluded


def _target_settings(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The settings of tasks that determine the tensors, without a transform that changes nothing."""
    included = [{"name", "kind", "target", *task.label_settings} for task in tasks]
    settings = [task.model_dump(mode="json", include=names) for task, names in zip(tasks, included, strict=True)]
    return [{key: value for key, value in one.items() if (key, value) != ("transform", "none")} for one in settings]

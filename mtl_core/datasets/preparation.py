"""Prepare a data set for some tasks: features, targets and splits as tensors."""

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.inputs.input_kind import FittedInput, SpecInput
from mtl_core.datasets.inputs.registry import inputs_of, open_inputs, row_shape
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
    Standardized,
    TableInput,
    TargetInfo,
    Task,
    TextInput,
    presence_key,
    shorten,
)
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import CellFormat, Rows
from mtl_core.tabular.table_columns import missing_label_notes
from mtl_core.tabular.text.tokenizer import tokenizer_digest
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource

MIN_ROWS = 10
_MIN_CLASS_ROWS = 3
"""A class with fewer labeled rows cannot be in every split."""
_FORMAT = 1
"""The version of the preparation: raise it when the same data would give other tensors."""
_ADDED_SETTINGS = ("decimal", "missing", "format", "header", "sheet", "join", "date_features")
"""Settings that count for the fingerprint only where they are given, since older data sets do not have them."""
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
        if error.problem.path.startswith("dataset.text") or error.problem.path.endswith(".tokenizer"):
            raise
        rule = f"the data has changed since the run was trained: {error.problem.path} {error.problem.rule}"
        raise InputError("dataset", rule, found=error.problem.found or None, fix="Put the old data back.") from None


def _prepare(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    source = open_source(dataset)
    DATASET_KINDS[dataset.kind].check_settings(dataset, source)
    spec_inputs = inputs_of(dataset, source, (*tasks, *dataset.split.tasks))
    readers = open_inputs(spec_inputs, source)
    tokens = next((reader.tokens for reader in readers.values() if reader.tokens is not None), None)
    target_source = TargetSource(source.columns, source.maps, tokens)
    labels = read_labels(tasks, target_source)
    split_labels = read_labels(dataset.split.tasks, target_source, "dataset.split.tasks") or labels
    used_rows, row_notes = _labeled_rows(split_labels, source)
    splits, split_notes = _split_rows(dataset, split_labels, source, used_rows)
    _check_training_labels(labels, splits)
    target_names = {name for task in tasks for name in task.targets}
    used_names = {name for spec_input in spec_inputs for name in spec_input.spec.source_columns} | target_names
    missing_notes = missing_label_notes(column for name, column in source.columns.items() if name in target_names)
    inputs = {name: reader.fit(splits[0]) for name, reader in readers.items()}
    preprocessing = _preprocessing(inputs, short_form=dataset.named_inputs is None)
    targets = {task_labels.task.name: _target_info(task_labels, splits[0]) for task_labels in labels}
    train, val, test = (_split(inputs, labels, targets, rows, used_rows) for rows in splits)
    preprocessing["targets"] = {name: _target_data(tasks, info) for name, info in targets.items()}
    reading = _reading(source, used_names, labels)
    later_notes = (*split_notes, *(note for fitted in inputs.values() for note in fitted.notes))
    return TaskData(
        train=train,
        val=val,
        test=test,
        input_shapes={name: row_shape(fitted.preprocessing, fitted.values.shape) for name, fitted in inputs.items()},
        targets=targets,
        fingerprint=_fingerprint(source, dataset, tasks, reading, spec_inputs),
        preprocessing=preprocessing,
        notes=(*source.notes_of(used_names), *missing_notes, *row_notes, *label_notes(labels, splits), *later_notes),
    )


def _target_info(labels: Labels, training_rows: Rows) -> TargetInfo:
    return KINDS[labels.task.kind].target_info(labels, training_rows)


def _preprocessing(inputs: Mapping[str, FittedInput], *, short_form: bool) -> dict[str, Any]:
    """What new rows need of all inputs; that of the short form stands at the top, as it did before inputs had names."""
    by_name = {name: fitted.preprocessing for name, fitted in inputs.items()}
    return {
        "version": _FORMAT,
        **(next(iter(by_name.values())) if short_form else {"kind": "named", "inputs": by_name}),
    }


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


def _split(
    inputs: Mapping[str, FittedInput],
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
    return Split(
        _input_tensors(inputs, rows, used_rows),
        tensors,
        masks,
        torch.from_numpy(rows),
        {name: fitted.decoder for name, fitted in inputs.items() if fitted.decoder is not None},
    )


def _input_tensors(inputs: Mapping[str, FittedInput], rows: Rows, used_rows: Rows) -> dict[str, Tensor]:
    """The stored inputs of some rows, and of several inputs the masks of those that some used rows lack.

    A row that lacks its only input is read as empty.
    """
    tensors = {name: torch.from_numpy(fitted.values[rows]) for name, fitted in inputs.items()}
    if len(inputs) > 1:
        for name, fitted in inputs.items():
            if not fitted.present[used_rows].all():
                tensors[presence_key(name)] = torch.from_numpy(fitted.present[rows])
    return tensors


def _label_mask(labels: Labels, used_rows: Rows) -> NDArray[np.bool_] | None:
    """Which rows have a label, or which of its values; None where every used row has all of them."""
    if labels.value_mask is not None and not labels.value_mask[used_rows].all():
        return labels.value_mask
    return None if labels.labeled[used_rows].all() else labels.labeled


def _target_data(tasks: Sequence[Task], info: TargetInfo) -> dict[str, Any]:
    """A target as plain data for the preprocessing, without what concerns the training rows only."""
    columns = next(task.targets for task in tasks if task.name == info.name)
    excluded = {"name", "labelled", "counts", "value_counts"} | (set() if info.edges else {"edges"})
    return {"columns": list(columns), **info.model_dump(mode="json", exclude=excluded)}


def _reading(source: Source, used_names: Collection[str], labels: Sequence[Labels]) -> dict[str, Any]:
    """How cells are read, where they are not just plain numbers and whole labels; for the fingerprint."""
    columns = [column for name, column in source.columns.items() if name in used_names]
    cells = {column.name: asdict(column.format) for column in columns if column.format != CellFormat()}
    partly_labeled = [task_labels.task.name for task_labels in labels if task_labels.value_mask is not None]
    return {key: value for key, value in {"cells": cells, "partly labelled": partly_labeled}.items() if value}


def _fingerprint(
    source: Source, dataset: Dataset, tasks: Sequence[Task], reading: Mapping[str, Any], inputs: Sequence[SpecInput]
) -> str:
    """Hash of all that determines the tensors: not the path of the file, and not the losses and metrics of tasks."""
    data: dict[str, Any] = {
        "format": _FORMAT,
        "content": source.digest,
        "dataset": dataset.model_dump(mode="json", exclude=_unused_settings(dataset, inputs)),
        "tasks": _target_settings(tasks),
        **reading,
    }
    folders = {i.name: i.spec.tokenizer for i in inputs if isinstance(i.spec, TextInput) and i.spec.tokenizer}
    if folders:
        digests = {name: tokenizer_digest(folder) for name, folder in folders.items()}
        data["tokenizer"] = digests["text"] if dataset.named_inputs is None else digests
    if dataset.split.tasks:
        data["splitting"] = _target_settings(dataset.split.tasks)
    return blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def _unused_settings(dataset: Dataset, inputs: Sequence[SpecInput]) -> dict[str, Any]:
    """The settings of a data set that do not determine the tensors, as pydantic excludes them."""
    excluded: dict[str, Any] = {"path": True, "split": {"tasks"}, "text": True, "numeric_inputs": True}
    excluded |= {key: True for key in _ADDED_SETTINGS if getattr(dataset, key, None) in (None, {}, ())}
    if getattr(dataset, "join", ()):
        excluded["join"] = {"__all__": {"path"}}
    if dataset.named_inputs is not None:
        texts = {i.name: {"tokenizer", *_unused_words(i.spec)} for i in inputs if isinstance(i.spec, TextInput)}
        return excluded | {"inputs": texts}
    (spec,) = (spec_input.spec for spec_input in inputs)
    if isinstance(spec, TextInput):
        excluded["text"] = {"tokenizer", *_unused_words(spec)}
    elif isinstance(spec, TableInput) and not isinstance(spec.numeric_inputs, Standardized):
        del excluded["numeric_inputs"]
    return excluded


def _unused_words(text: TextInput) -> set[str]:
    """The settings of words, which a pretrained tokenizer does not read."""
    return {"tokens", "lowercase", "vocabulary"} if text.tokenizer else set()


def _target_settings(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The settings of tasks that determine the tensors."""
    return [task.model_dump(mode="json", include={"name", "kind", "target", *task.label_settings}) for task in tasks]

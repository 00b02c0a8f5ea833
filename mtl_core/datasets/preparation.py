"""Prepare a data set for some tasks: features, targets and splits as tensors."""

import json
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import asdict, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.data import Split, TaskData
from mtl_core.datasets.inputs.input_kind import FittedInput, SpecInput
from mtl_core.datasets.inputs.registry import inputs_of, open_inputs, reads_files, row_shape
from mtl_core.datasets.label_coverage import label_notes
from mtl_core.datasets.label_reader import read_labels
from mtl_core.datasets.registry import KINDS as DATASET_KINDS
from mtl_core.datasets.registry import open_source, source_key
from mtl_core.datasets.reviewed_rows import apply_reviewed_list
from mtl_core.datasets.source import Source
from mtl_core.datasets.splits.division import divide_rows
from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.media.limits import read_limits
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import (
    DataNote,
    Dataset,
    ImageInput,
    InputError,
    OneHot,
    SoundInput,
    Standardized,
    TableInput,
    TargetInfo,
    Task,
    TextInput,
    presence_key,
)
from mtl_core.spec.augmentation import MixUp
from mtl_core.spec.data.data_notes import date_parts_note
from mtl_core.spec.data.splits import SHORT_FORM
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import CellFormat, Rows
from mtl_core.tabular.table_columns import missing_label_notes
from mtl_core.tabular.text.tokenizer import tokenizer_digest
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource

MIN_ROWS = 10
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
    if reads_files(dataset):  # they may change unnoticed, and what was decoded of them is kept on disk
        return _prepare(dataset, tasks)
    key: Hashable = (source_key(dataset), tuple(task.model_dump_json() for task in tasks))
    return _cache.get(key, lambda: _prepare(dataset, tasks))


def load_outline(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    """Load a data set as :func:`load`, but without decoding files of pictures and sounds, whose values are then zeros.

    It has the shapes, targets and splits of the data, for what does not train.

    Raises:
        InputError: As of :func:`load`.
    """
    if not tasks or not reads_files(dataset):
        return load(dataset, tasks)
    key: Hashable = ("outline", source_key(dataset), tuple(task.model_dump_json() for task in tasks))
    return _cache.get(key, lambda: _prepare(dataset, tasks, decoded=False))


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


def _prepare(dataset: Dataset, tasks: Sequence[Task], *, decoded: bool = True) -> TaskData:
    source = open_source(dataset)
    DATASET_KINDS[dataset.kind].check_settings(dataset, source)
    spec_inputs = inputs_of(dataset, source, (*tasks, *dataset.split.tasks))
    readers = open_inputs(spec_inputs, source, decoded=decoded)
    tokens = next((reader.tokens for reader in readers.values() if reader.tokens is not None), None)
    target_source = TargetSource(source.columns, source.maps, tokens)
    labels = read_labels(tasks, target_source)
    split_labels = read_labels(dataset.split.tasks, target_source, "dataset.split.tasks") or labels
    used_rows, row_notes = _labeled_rows(split_labels, source)
    splits, split_notes = divide_rows(dataset.split, LabeledRows(used_rows, source.columns, split_labels), source.split)
    reviewed = apply_reviewed_list(dataset, source, labels, splits)
    labels, splits = reviewed.labels, reviewed.splits
    used_rows = np.sort(np.concatenate(splits))
    _check_training_labels(labels, splits)
    target_names = {name for task in tasks for name in task.targets}
    input_names = {name for spec_input in spec_inputs for name in spec_input.spec.source_columns}
    used_names = input_names | target_names | set(dataset.split.columns)
    missing_notes = missing_label_notes(column for name, column in source.columns.items() if name in target_names)
    inputs = {name: reader.fit(splits[0]) for name, reader in readers.items()}
    splits = _rows_with_files(inputs, splits)
    preprocessing = _preprocessing(inputs, short_form=dataset.named_inputs is None)
    targets = {task_labels.task.name: _target_info(task_labels, splits[0]) for task_labels in labels}
    stored_bytes = sum(fitted.values.nbytes for fitted in inputs.values() if fitted.stored is not None)
    mapped = stored_bytes > read_limits().memory_bytes
    train, val, test = (_split(inputs, labels, targets, rows, used_rows, mapped=mapped) for rows in splits)
    augmentations = {name: x.augmentation for name, x in inputs.items() if x.augmentation}
    train = replace(train, augmentations=augmentations, mix_up=_mix_up(spec_inputs))
    for name in ("header", "sheet"):  # new rows come in files like that of the training rows
        if (value := getattr(dataset, name, None)) is not None:
            preprocessing[name] = value
    preprocessing["targets"] = {name: _target_data(tasks, info) for name, info in targets.items()}
    reading = _reading(source, used_names, labels) | ({"reviewed": reviewed.digest} if reviewed.digest else {})
    date_notes = (
        date_parts_note(name, parts, is_time=source.columns[name].format.dates == "time")
        for name, parts in source.date_features.items()
        if name in input_names
    )
    later_notes = (*date_notes, *split_notes, *(note for fitted in inputs.values() for note in fitted.notes))
    return TaskData(
        train=train,
        val=val,
        test=test,
        input_shapes={name: row_shape(fitted.preprocessing, fitted.values.shape) for name, fitted in inputs.items()},
        targets=targets,
        fingerprint=_fingerprint(source, dataset, tasks, reading | _file_digests(inputs), spec_inputs),
        preprocessing=preprocessing,
        notes=(
            *source.notes_of(used_names),
            *missing_notes,
            *row_notes,
            *reviewed.notes,
            *label_notes(labels, splits),
            *later_notes,
        ),
    )


def _mix_up(spec_inputs: Sequence[SpecInput]) -> MixUp | None:
    """How rows are mixed in training."""
    return next((i.spec.mix_up for i in spec_inputs if isinstance(i.spec, ImageInput) and i.spec.mix_up), None)


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


def _check_training_labels(labels: Sequence[Labels], splits: Sequence[Rows]) -> None:
    for i, task_labels in enumerate(labels):
        if not task_labels.labeled[splits[0]].any():
            rule = f"no row of the training split has a label of task {task_labels.task.name!r}"
            found = f"{int(task_labels.labeled.sum())} labeled rows, all in validation and test"
            raise InputError(f"tasks[{i}].target", rule, found=found, fix="Change dataset.split or drop the task.")


def _rows_with_files(inputs: Mapping[str, FittedInput], splits: Sequence[Rows]) -> list[Rows]:
    """The rows of the splits without those whose only input is a file that cannot be read."""
    alone = next(iter(inputs.values())) if len(inputs) == 1 else None
    if alone is None or alone.stored is None:
        return list(splits)
    readable = [rows[alone.present[rows]] for rows in splits]
    for name, rows, all_rows in zip(SPLITS, readable, splits, strict=True):
        if len(all_rows) and not len(rows):
            raise InputError("dataset", f"no file of the {name} rows can be read", found=f"{len(all_rows)} rows")
    return readable


def _file_digests(inputs: Mapping[str, FittedInput]) -> dict[str, Any]:
    """The hashes of the content of files, for the fingerprint."""
    digests = {name: fitted.digest for name, fitted in inputs.items() if fitted.digest}
    return {"files": digests} if digests else {}


def _split(
    inputs: Mapping[str, FittedInput],
    labels: Sequence[Labels],
    targets: dict[str, TargetInfo],
    rows: Rows,
    used_rows: Rows,
    *,
    mapped: bool,
) -> Split:
    """The tensors of some rows; ``used_rows`` are those of all splits."""
    tensors, masks = {}, {}
    for task_labels in labels:
        name = task_labels.task.name
        tensors[name] = KINDS[task_labels.task.kind].target_tensor(task_labels, targets[name], rows)
        if (mask := _label_mask(task_labels, used_rows)) is not None:
            masks[name] = torch.from_numpy(mask[rows])
    return Split(
        _input_tensors(inputs, rows, used_rows, mapped=mapped),
        tensors,
        masks,
        torch.from_numpy(rows),
        {name: fitted.decoder for name, fitted in inputs.items() if fitted.decoder is not None},
        is_mapped=mapped,
    )


def _input_tensors(
    inputs: Mapping[str, FittedInput], rows: Rows, used_rows: Rows, *, mapped: bool
) -> dict[str, Tensor]:
    """The stored inputs of some rows, and of several inputs the masks of those that some used rows lack.

    A row that lacks its only input is read as empty.
    """
    tensors = {name: fitted.tensor(rows, mapped=mapped) for name, fitted in inputs.items()}
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
    source: Source, dataset: Dataset, tasks: Sequence[Task], reading: Mapping[str, Any], inputs: Sequence[SpecInput]
) -> str:
    """Hash of all that determines the tensors: not the path of the file, and not the losses and metrics of tasks."""
    if dataset.named_inputs is not None:  # stated or not, they determine the tensors
        dataset = dataset.model_copy(update={"inputs": dataset.named_inputs})
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
    split = {"tasks", "kind"} if dataset.split.kind == SHORT_FORM else {"tasks"}
    excluded: dict[str, Any] = {"path": True, "labels": True, "split": split, "text": True}
    excluded |= {"numeric_inputs": True, "categorical_inputs": True}
    excluded |= {key: True for key in _ADDED_SETTINGS if getattr(dataset, key, None) in (None, {}, ())}
    excluded |= {"url": True, "sql": True, "reviewed": True}  # what they hold counts, not where it comes from
    if getattr(dataset, "join", ()):
        excluded["join"] = {"__all__": {"path"}}
    if dataset.named_inputs is not None:
        unused = {i.name: {"tokenizer", *_unused_words(i.spec)} for i in inputs if isinstance(i.spec, TextInput)}
        unused |= {i.name: {"augmentation"} for i in inputs if isinstance(i.spec, ImageInput)}
        unused |= {i.name: {"augmentation", *_unused_bands(i.spec)} for i in inputs if isinstance(i.spec, SoundInput)}
        return excluded | {"inputs": unused}
    (spec,) = (spec_input.spec for spec_input in inputs)
    if isinstance(spec, TextInput):
        excluded["text"] = {"tokenizer", *_unused_words(spec)}
    elif isinstance(spec, TableInput):
        excluded |= _unused_encodings(spec)
    return excluded


def _unused_encodings(spec: TableInput) -> dict[str, Any]:
    """The encodings of columns that are as they were before they were settings."""
    numeric = spec.numeric_inputs
    unmarked: bool | set[str] = set() if numeric.mark_missing else {"mark_missing"}
    return {
        "numeric_inputs": True if numeric == Standardized() else unmarked,
        "categorical_inputs": True if spec.categorical_inputs == OneHot() else set(),
    }


def _unused_bands(sound: SoundInput) -> set[str]:
    """The settings of spectrograms, where there are none; else the form, which was none before there were two."""
    return {"mels", "window", "hop"} if sound.form == "waveform" else {"form"}


def _unused_words(text: TextInput) -> set[str]:
    """The settings of words, which a pretrained tokenizer does not read."""
    return {"tokens", "lowercase", "vocabulary"} if text.tokenizer else set()


def _target_settings(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """The settings of tasks that determine the tensors, without a transform that changes nothing."""
    included = [{"name", "kind", "target", *task.label_settings} for task in tasks]
    settings = [task.model_dump(mode="json", include=names) for task, names in zip(tasks, included, strict=True)]
    return [{key: value for key, value in one.items() if (key, value) != ("transform", "none")} for one in settings]

"""A data set and some tasks to tensors."""

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
from mtl_core.datasets.labels import read_labels
from mtl_core.datasets.registry import KINDS as DATASET_KINDS
from mtl_core.datasets.registry import open_source, source_key
from mtl_core.datasets.source import Source
from mtl_core.datasets.splits import SPLITS, assign
from mtl_core.spec import (
    DataNote,
    Dataset,
    InputError,
    Standardized,
    TargetInfo,
    Task,
    shorten,
)
from mtl_core.tabular.cache import Recent
from mtl_core.tabular.column import CellFormat, Column, Rows
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.table_columns import missing_label_notes
from mtl_core.tabular.text.tokenizer import tokenizer_digest
from mtl_core.tabular.text.vocabulary import Tokens, apply_text, fit_text, read_tokens
from mtl_core.tasks.registry import KINDS
from mtl_core.tasks.targets.labels import Labels, TargetSource

MIN_ROWS = 10
_ENOUGH = 3  # labelled rows of a class, below which it cannot be in every split
_FORMAT = 1  # raise it when the same data would be prepared otherwise
_prepared: Recent[TaskData] = Recent(4)


def load(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    """The data set as tensors for these tasks; the same arguments and file give the same tensors, to the bit.

    The last few results are kept and shared: do not write into them.

    Args:
        dataset: Which data, which inputs, how it is split.
        tasks: At least one.

    Raises:
        InputError: The file, a column, a type or a target is at fault; the error names the place in the spec.
    """
    if not tasks:
        raise InputError("tasks", "there must be at least one task")
    key: Hashable = (source_key(dataset), tuple(task.model_dump_json() for task in tasks))
    return _prepared.get(key, lambda: _prepare(dataset, tasks))


def load_again(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    """As :func:`load`, of data that could be loaded before: whatever does not fit now has changed.

    Raises:
        InputError: The file is not there, or has changed so that the tasks cannot be read from it.
    """
    try:
        return load(dataset, tasks)
    except InputError as error:
        DATASET_KINDS[dataset.kind].stamp(dataset)  # which says that the file is gone, if it is
        if error.problem.path.startswith("dataset.text"):
            raise
        rule = f"the data has changed since the run was trained: {error.problem.path} {error.problem.rule}"
        raise InputError("dataset", rule, found=error.problem.found or None, fix="Put the old data back.") from None


def _prepare(dataset: Dataset, tasks: Sequence[Task]) -> TaskData:
    source = open_source(dataset)
    DATASET_KINDS[dataset.kind].check(dataset, source)
    inputs = _input_columns(dataset, (*tasks, *dataset.split.tasks), source)
    tokens = read_tokens(inputs[0], dataset.text) if inputs and inputs[0].type == "text" else None
    target_source = TargetSource(source.columns, source.maps, tokens)
    labels = read_labels(tasks, target_source)
    splitting = read_labels(dataset.split.tasks, target_source, "dataset.split.tasks")
    deciding = splitting or labels
    kept, notes = _labelled_rows(deciding, source)
    parts, split_notes = _parts(dataset, deciding, source, kept)
    _check_labelled(labels, parts)
    targeted = {name for task in tasks for name in task.targets}
    used = {column.name for column in inputs} | targeted
    label_words = missing_label_notes(column for name, column in source.columns.items() if name in targeted)
    matrix, preprocessing, input_notes = _encoded(tokens, inputs, dataset, source, parts)
    targets = {one.task.name: KINDS[one.task.kind].target_info(one, parts[0]) for one in labels}
    train, val, test = (_split(matrix, labels, targets, rows, kept) for rows in parts)
    preprocessing["targets"] = {name: _plain(tasks, info) for name, info in targets.items()}
    return TaskData(
        train=train,
        val=val,
        test=test,
        input_shape=tuple(matrix.shape[1:]),
        targets=targets,
        fingerprint=_fingerprint(source, dataset, tasks, _reading(source, used, labels), text=tokens is not None),
        preprocessing=preprocessing,
        notes=(*source.notes_of(used), *label_words, *notes, *label_notes(labels, parts), *split_notes, *input_notes),
    )


def _encoded(
    tokens: Tokens | None, inputs: Sequence[Column], dataset: Dataset, source: Source, parts: Sequence[Rows]
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """All rows as the model's input, what new rows need, and notes."""
    if tokens is not None:
        return _text(tokens, dataset, parts)
    return _inputs(source, inputs, parts, dataset)


def _input_columns(dataset: Dataset, tasks: Sequence[Task], source: Source) -> list[Column]:
    """The input columns; none for images."""
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
    found = [find_column(source.columns, name, f"dataset.inputs[{i}]") for i, name in enumerate(names)]
    text = next((column.name for column in found if column.type == "text"), None)
    if text is not None and len(found) > 1:
        rule = "a text is read alone, without other inputs"
        raise InputError("dataset.inputs", rule, found=shorten(", ".join(names)), fix=f"Leave only {text!r}.")
    return found


def default_inputs(source: Source, targets: Sequence[str]) -> tuple[str, ...]:
    """The inputs when none are named; none of a data set that does not come with the roles of its columns."""
    if source.roles is None or source.images is not None:
        return ()
    return tuple(name for name in source.columns if source.roles[name] == "input" and name not in targets)


def _labelled_rows(labels: Sequence[Labels], source: Source) -> tuple[Rows, list[DataNote]]:
    """The rows in which some task has a label."""
    labelled = np.any([one.there for one in labels], axis=0)
    kept, dropped = np.flatnonzero(labelled), int((~labelled).sum())
    if len(kept) < MIN_ROWS:
        rule = f"must have at least {MIN_ROWS} rows with a label"
        raise InputError("dataset", rule, found=f"{len(kept)} of {source.rows} rows")
    if not dropped:
        return kept, []
    have = "1 of {} rows has" if dropped == 1 else f"{dropped} of {{}} rows have"
    left = "is left out" if dropped == 1 else "are left out"
    what = f"{have.format(source.rows)} no label of any task and {left}."
    return kept, [DataNote(place="file", what=what, count=dropped)]


def _parts(dataset: Dataset, labels: Sequence[Labels], source: Source, kept: Rows) -> tuple[list[Rows], list[DataNote]]:
    """The rows of each split, in the order of the data."""
    if source.split is not None:
        return [kept[source.split[kept] == part] for part in range(len(SPLITS))], []
    keys: list[NDArray[np.int64]] = []
    notes: list[DataNote] = []
    for one in labels:
        if rare := _rare(one):
            what = f"The split is not stratified by {one.task.name!r}: {rare}."
            fix = "Merge rare classes in the data, or add rows."
            notes.append(DataNote(place="split", name=one.task.name, what=what, fix=fix))
        elif len(np.unique(one.stratum[kept])) > 1:
            keys.append(one.stratum[kept])
    rng = np.random.default_rng(dataset.split.seed)
    parts = assign(keys, len(kept), dataset.split, rng)
    return [kept[parts == part] for part in range(len(SPLITS))], notes


def _rare(labels: Labels) -> str:
    """Which class has too few rows to be in every split, if any."""
    if labels.codes is None:
        return ""
    counts = np.bincount(labels.codes[labels.there], minlength=len(labels.classes))
    rare = [name for name, count in zip(labels.classes, counts, strict=True) if count < _ENOUGH]
    if not rare:
        return ""
    named = shorten(", ".join(map(repr, rare[:4])) + (" …" if len(rare) > 4 else ""))
    return f"{len(rare)} of its classes have fewer than {_ENOUGH} rows ({named})"


def _check_labelled(labels: Sequence[Labels], parts: Sequence[Rows]) -> None:
    for i, one in enumerate(labels):
        if not one.there[parts[0]].any():
            rule = f"no row of the training split has a label of task {one.task.name!r}"
            found = f"{int(one.there.sum())} labelled rows, all in validation and test"
            raise InputError(f"tasks[{i}].target", rule, found=found, fix="Change dataset.split or drop the task.")


def _inputs(
    source: Source, columns: Sequence[Column], parts: Sequence[Rows], dataset: Dataset
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """As :func:`_encoded`, of a table or of images."""
    if source.images is not None:
        image = fit_image(source.images, parts[0])
        return apply_image(image, source.images), {"version": _FORMAT, **image}, []
    encoders, notes = fit_inputs(columns, parts[0], source.missing_texts, dataset.numeric_inputs)
    matrix = apply_inputs(encoders, {column.name: column for column in columns}, source.rows)
    if not matrix.shape[1]:
        raise InputError("dataset.inputs", "no input column has a value in the training rows")
    return matrix, {"version": _FORMAT, "kind": "table", "inputs": encoders}, notes


def _text(
    tokens: Tokens, dataset: Dataset, parts: Sequence[Rows]
) -> tuple[NDArray[np.float32], dict[str, Any], list[DataNote]]:
    """As :func:`_encoded`, of a text."""
    text, notes = fit_text(tokens, parts[0], dataset.text)
    if not (tokens.codes[parts[0]] >= 0).any():
        raise InputError("dataset.inputs", "no text has a token in the training rows", found=repr(tokens.column))
    return apply_text(text, tokens), {"version": _FORMAT, **text}, notes


def _split(
    matrix: NDArray[np.float32],
    labels: Sequence[Labels],
    targets: dict[str, TargetInfo],
    rows: Rows,
    kept: Rows,
) -> Split:
    return Split(
        inputs=torch.from_numpy(matrix[rows]),
        targets={
            one.task.name: KINDS[one.task.kind].target_tensor(one, targets[one.task.name], rows) for one in labels
        },
        masks={one.task.name: torch.from_numpy(mask[rows]) for one in labels if (mask := _mask(one, kept)) is not None},
        rows=torch.from_numpy(rows),
    )


def _mask(labels: Labels, kept: Rows) -> NDArray[np.bool_] | None:
    """Which rows have a label, or which of its values; None where all rows that are used have all of it."""
    if labels.parts is not None and not labels.parts[kept].all():
        return labels.parts
    return None if labels.there[kept].all() else labels.there


def _plain(tasks: Sequence[Task], info: TargetInfo) -> dict[str, Any]:
    columns = next(task.targets for task in tasks if task.name == info.name)
    left_out = {"name", "labelled", "counts", "value_counts"} | (set() if info.edges else {"edges"})
    return {"columns": list(columns), **info.model_dump(mode="json", exclude=left_out)}


def _reading(source: Source, used: Collection[str], labels: Sequence[Labels]) -> dict[str, Any]:
    """How cells are read otherwise than as plain numbers and whole labels."""
    columns = [column for name, column in source.columns.items() if name in used]
    cells = {column.name: asdict(column.format) for column in columns if column.format != CellFormat()}
    partly = [one.task.name for one in labels if one.parts is not None]
    return {key: value for key, value in {"cells": cells, "partly labelled": partly}.items() if value}


def _fingerprint(
    source: Source, dataset: Dataset, tasks: Sequence[Task], reading: Mapping[str, Any], *, text: bool
) -> str:
    """Hash of all that the tensors follow from; where the file lies, and a task's loss and metrics, do not count."""
    words: set[str] = {"tokens", "lowercase", "vocabulary"} if dataset.text.tokenizer else set()
    left_out: dict[str, Any] = {"path": True, "split": {"tasks"}, "text": {"tokenizer", *words} if text else True}
    left_out |= {key: True for key in ("decimal", "missing") if not getattr(dataset, key, None)}
    if text or source.images is not None or isinstance(dataset.numeric_inputs, Standardized):
        left_out["numeric_inputs"] = True
    data: dict[str, Any] = {
        "format": _FORMAT,
        "content": source.digest,
        "dataset": dataset.model_dump(mode="json", exclude=left_out),
        "tasks": _targets_of(tasks),
        **reading,
    }
    if text and dataset.text.tokenizer:
        data["tokenizer"] = tokenizer_digest(dataset.text.tokenizer)
    if dataset.split.tasks:
        data["splitting"] = _targets_of(dataset.split.tasks)
    return blake2b(json.dumps(data, sort_keys=True).encode(), digest_size=16).hexdigest()


def _targets_of(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """What of the tasks the tensors follow from."""
    return [task.model_dump(mode="json", include={"name", "kind", "target", *task.label_settings}) for task in tasks]

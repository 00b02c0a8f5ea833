"""What a data set looks like, for the Data page."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from mtl_core.datasets.features import MAX_CATEGORIES, image_shape
from mtl_core.datasets.numeric_features import bin_edges
from mtl_core.datasets.preparation import default_inputs
from mtl_core.datasets.registry import open_source, source_key
from mtl_core.datasets.source import Source
from mtl_core.spec import (
    ColumnInfo,
    DataNote,
    Dataset,
    DatasetInfo,
    Histogram,
    InputError,
    NumericInputs,
    shorten,
)
from mtl_core.spec.reports import Role, Shape
from mtl_core.tabular.cache import Recent
from mtl_core.tabular.column import Column, label
from mtl_core.tabular.column_roles import roles, suggested_tasks, useless
from mtl_core.tabular.text.vocabulary import read_tokens
from mtl_core.tabular.values.dates import date_text

PREVIEW_ROWS = 100
EXAMPLE_IMAGES = 24
EXAMPLE_SIDE = 32
TOP_CATEGORIES = 30
BINS = 40
_described: Recent[DatasetInfo] = Recent(16)


def describe(dataset: Dataset) -> DatasetInfo:
    """What the data set holds: columns with their distributions, the first rows, the roles that suggest themselves.

    Inputs and types that name no column are passed over here, since a person may be about to change them;
    :func:`load` refuses them.

    Raises:
        InputError: The data cannot be read.
    """
    return _described.get(source_key(dataset), lambda: _describe(dataset))


def _describe(dataset: Dataset) -> DatasetInfo:
    source = open_source(dataset)
    columns = list(source.columns.values())
    role = roles(columns) if source.roles is None else {column.name: source.roles[column.name] for column in columns}
    inputs = tuple(name for name, one in role.items() if one == "input")
    infos = [_column_info(column, role[column.name]) for column in columns]
    targets = [info for info in infos if info.suggested == "target"]
    image = source.images is not None
    shown = EXAMPLE_IMAGES if image else PREVIEW_ROWS
    return DatasetInfo(
        name=source.name,
        title=source.title,
        description=source.description,
        rows=source.rows,
        input_kind="image" if image else "table",
        input_shape=_shape(source, _chosen(dataset, source) or inputs, dataset),
        columns=(*infos, *_map_infos(source)),
        preview=tuple((*row, *("" for _ in source.maps)) for row in _preview(columns, shown)),
        images=_examples(source),
        inputs=inputs,
        tasks=suggested_tasks(targets) if source.tasks is None else source.tasks,
        notes=(*source.notes_of(source.columns), *_ignored_notes(columns, role)),
        fingerprint=source.digest,
        delimiter=source.delimiter,
        encoding=source.encoding,
    )


def _chosen(dataset: Dataset, source: Source) -> tuple[str, ...]:
    names = dataset.inputs or default_inputs(source, ())
    return tuple(name for name in names if name in source.columns)


def _shape(source: Source, inputs: Sequence[str], dataset: Dataset) -> Shape:
    """Shape of one row's input with these columns; with the training rows alone it may be smaller."""
    if source.images is not None:
        return image_shape(source.images)
    if len(inputs) == 1 and source.columns[inputs[0]].type == "text":
        with suppress(InputError):  # a tokenizer at fault, which load refuses
            return (read_tokens(source.columns[inputs[0]], dataset.text).longest,)
        return (dataset.text.max_length,)
    return (sum(_width(source.columns[name], dataset.numeric_inputs) for name in inputs),)


def _width(column: Column, numeric: NumericInputs) -> int:
    if column.type == "numeric":
        return max(1, len(bin_edges(column.numbers[column.there], numeric)))
    categories = len(column.values)
    return min(categories, MAX_CATEGORIES) + (categories > MAX_CATEGORIES) + (not column.there.all())


def _column_info(column: Column, role: Role) -> ColumnInfo:
    there = column.there
    facts: dict[str, Any] = {}
    if column.type == "numeric" and there.any():
        present = column.numbers[there]
        facts = {"low": float(present.min()), "high": float(present.max()), "mean": float(present.mean())}
        facts["histogram"] = histogram(column)
    return ColumnInfo(
        name=column.name,
        type=column.type,
        missing=int((~there).sum()),
        unique=column.different,
        categories=_top(column),
        whole=column.whole,
        suggested=role,
        missing_texts=column.missing,
        decimal=column.format.decimal,
        unit=column.format.unit,
        dates=column.format.dates,
        **facts,
    )


def _map_infos(source: Source) -> list[ColumnInfo]:
    infos = []
    for name, found in source.maps.items():
        counts = np.bincount(found.values.ravel(), minlength=len(found.classes)).tolist()
        pairs = sorted(zip(found.classes, counts, strict=True), key=lambda pair: -pair[1])
        there: dict[str, Any] = {"missing": 0, "unique": len(found.classes), "pixels": True, "suggested": "ignore"}
        infos.append(ColumnInfo(name=name, type="categorical", categories=tuple(pairs), **there))
    return infos


def _top(column: Column) -> tuple[tuple[str, int], ...]:
    """The most frequent values and their rows; of a numeric column only when it has few whole ones; of text, tokens."""
    if column.type == "text":
        rows = np.bincount(column.text[column.there], minlength=len(column.texts)).tolist()
        found: Counter[str] = Counter()
        for text, count in zip(column.texts, rows, strict=True):
            for token in text.split():
                found[token] += count
        return tuple((shorten(token), count) for token, count in found.most_common(TOP_CATEGORIES))
    if column.type == "numeric" and not (column.whole and column.different <= TOP_CATEGORIES):
        return ()
    counts = np.bincount(column.codes[column.there], minlength=len(column.values))
    order = np.argsort(-counts, kind="stable")[:TOP_CATEGORIES]
    return tuple((shorten(column.values[i]), int(counts[i])) for i in order)


def histogram(column: Column) -> Histogram:
    """Counts in at most 40 bins; few whole numbers get a bin each."""
    present = column.numbers[column.there]
    low, high = float(present.min()), float(present.max())
    if column.whole and high - low < BINS:
        edges = np.arange(low, high + 2) - 0.5
    else:
        edges = np.linspace(low, high, min(BINS, max(5, int(np.sqrt(len(present))))) + 1)
    if not (np.diff(edges) > 0).all():  # too close together for floating point
        return Histogram(edges=(low, high), counts=(len(present),))
    counts, _ = np.histogram(present, edges)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def _preview(columns: Sequence[Column], rows: int) -> tuple[tuple[str, ...], ...]:
    return tuple(zip(*(_cells(column, rows) for column in columns), strict=True))


def _cells(column: Column, rows: int) -> list[str]:
    """The first cells as text, empty where missing."""
    if column.type == "numeric":
        dates = column.format.dates
        shown = partial(date_text, order=dates) if dates else label
        return [shown(value) if np.isfinite(value) else "" for value in column.numbers[:rows].tolist()]
    return [shorten(column.texts[code]) if code >= 0 else "" for code in column.text[:rows]]


def _examples(source: Source) -> tuple[tuple[tuple[int, ...], ...], ...]:
    if source.images is None:
        return ()
    step = -(-source.images.shape[1] // EXAMPLE_SIDE)
    images = source.images[:EXAMPLE_IMAGES, ::step, ::step]
    if images.ndim == 4:
        images = images.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    return tuple(tuple(tuple(row) for row in image) for image in images.tolist())


def _ignored_notes(columns: Sequence[Column], role: dict[str, Role]) -> list[DataNote]:
    reasons = [(column.name, useless(column)) for column in columns if role[column.name] == "ignore"]
    return [
        DataNote(place="column", name=name, what=f"Column {name!r} is best ignored: {reason}.")
        for name, reason in reasons
        if reason
    ]

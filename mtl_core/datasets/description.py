"""Describe a data set for the Data page: columns, distributions, a preview, suggested roles and tasks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from mtl_core.datasets.features import image_shape
from mtl_core.datasets.numeric_features import bin_edges, has_missing_feature
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
    shorten,
)
from mtl_core.spec.reports import Role, Shape
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import Column, format_number
from mtl_core.tabular.column_roles import suggest_roles, suggest_tasks, unusable_reason
from mtl_core.tabular.text.vocabulary import read_tokens
from mtl_core.tabular.values.dates import date_text

PREVIEW_ROWS = 100
EXAMPLE_IMAGES = 24
EXAMPLE_SIDE = 32
TOP_CATEGORIES = 30
BINS = 40
_cache: LruCache[DatasetInfo] = LruCache(16)


def describe(dataset: Dataset) -> DatasetInfo:
    """Describe a data set: columns with their distributions, the first rows, suggested roles and tasks.

    Inputs and types that name no column are ignored, since somebody may be about to change them; ``load`` refuses them.

    Raises:
        InputError: The data cannot be read.
    """
    return _cache.get(source_key(dataset), lambda: _describe(dataset))


def _describe(dataset: Dataset) -> DatasetInfo:
    source = open_source(dataset)
    columns = list(source.columns.values())
    roles = suggest_roles(columns) if source.roles is None else source.roles
    inputs = tuple(column.name for column in columns if roles[column.name] == "input")
    infos = [_column_info(column, roles[column.name]) for column in columns]
    targets = [info for info in infos if info.suggested == "target"]
    is_image = source.images is not None
    return DatasetInfo(
        name=source.name,
        title=source.title,
        description=source.description,
        rows=source.rows,
        input_kind="image" if is_image else "table",
        input_shape=_input_shape(source, _stated_inputs(dataset, source) or inputs, dataset),
        columns=(*infos, *_pixel_map_infos(source)),
        preview=tuple(
            (*row, *("" for _ in source.maps))
            for row in _preview(columns, EXAMPLE_IMAGES if is_image else PREVIEW_ROWS)
        ),
        images=_example_images(source),
        inputs=inputs,
        tasks=suggest_tasks(targets) if source.tasks is None else source.tasks,
        notes=(*source.notes_of(source.columns), *_ignored_notes(columns, roles)),
        fingerprint=source.digest,
        delimiter=source.delimiter,
        encoding=source.encoding,
    )


def _stated_inputs(dataset: Dataset, source: Source) -> tuple[str, ...]:
    """The inputs of the spec that are columns, or else the default ones."""
    names = dataset.inputs or default_inputs(source, ())
    return tuple(name for name in names if name in source.columns)


def _input_shape(source: Source, inputs: Sequence[str], dataset: Dataset) -> Shape:
    """Shape of one row's input with these columns; fitted on the training rows it may be smaller."""
    if source.images is not None:
        return image_shape(source.images)
    if len(inputs) == 1 and source.columns[inputs[0]].type == "text":
        with suppress(InputError):  # the tokenizer cannot be read, which load refuses
            return (read_tokens(source.columns[inputs[0]], dataset.text).max_length,)
        return (dataset.text.max_length,)
    return (sum(_width(source.columns[name], dataset) for name in inputs),)


def _width(column: Column, dataset: Dataset) -> int:
    """How many features a column becomes."""
    if column.type == "numeric":
        numeric = dataset.numeric_inputs
        width = max(1, len(bin_edges(column.numbers[column.present], numeric)))
        return width + has_missing_feature(column.numbers, numeric)
    spec, present = dataset.categorical_inputs, column.present
    counts = np.bincount(column.codes[present], minlength=len(column.values))
    frequent = min(int((counts >= spec.least_rows).sum()), spec.most)
    return frequent + (spec.unseen or len(column.values) > frequent) + (not present.all())


def _column_info(column: Column, role: Role) -> ColumnInfo:
    present = column.present
    statistics: dict[str, Any] = {}
    if column.type == "numeric" and present.any():
        numbers = column.numbers[present]
        statistics = {"low": float(numbers.min()), "high": float(numbers.max()), "mean": float(numbers.mean())}
        statistics["histogram"] = histogram(column)
    return ColumnInfo(
        name=column.name,
        type=column.type,
        missing=int((~present).sum()),
        unique=column.unique_count,
        categories=_top_categories(column),
        whole=column.whole,
        suggested=role,
        missing_texts=column.missing,
        decimal=column.format.decimal,
        unit=column.format.unit,
        dates=column.format.dates,
        **statistics,
    )


def _pixel_map_infos(source: Source) -> list[ColumnInfo]:
    infos = []
    for name, pixel_map in source.maps.items():
        counts = np.bincount(pixel_map.values.ravel(), minlength=len(pixel_map.classes)).tolist()
        pairs = sorted(zip(pixel_map.classes, counts, strict=True), key=lambda pair: -pair[1])
        common: dict[str, Any] = {"missing": 0, "unique": len(pairs), "pixels": True, "suggested": "ignore"}
        infos.append(ColumnInfo(name=name, type="categorical", categories=tuple(pairs), **common))
    return infos


def _top_categories(column: Column) -> tuple[tuple[str, int], ...]:
    """The most frequent values and their numbers of rows; tokens of a text; empty for numbers with many values."""
    if column.type == "text":
        rows = np.bincount(column.text[column.present], minlength=len(column.texts)).tolist()
        token_counts: Counter[str] = Counter()
        for text, count in zip(column.texts, rows, strict=True):
            for token in text.split():
                token_counts[token] += count
        return tuple((shorten(token), count) for token, count in token_counts.most_common(TOP_CATEGORIES))
    if column.type == "numeric" and not (column.whole and column.unique_count <= TOP_CATEGORIES):
        return ()
    counts = np.bincount(column.codes[column.present], minlength=len(column.values))
    order = np.argsort(-counts, kind="stable")[:TOP_CATEGORIES]
    return tuple((shorten(column.values[i]), int(counts[i])) for i in order)


def histogram(column: Column) -> Histogram:
    """Histogram of a numeric column with at most :data:`BINS` bins; few whole numbers get a bin each."""
    numbers = column.numbers[column.present]
    low, high = float(numbers.min()), float(numbers.max())
    if column.whole and high - low < BINS:
        edges = np.arange(low, high + 2) - 0.5
    else:
        edges = np.linspace(low, high, min(BINS, max(5, int(np.sqrt(len(numbers))))) + 1)
    if not (np.diff(edges) > 0).all():  # so close together that floating point cannot tell the edges apart
        return Histogram(edges=(low, high), counts=(len(numbers),))
    counts, _ = np.histogram(numbers, edges)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def _preview(columns: Sequence[Column], rows: int) -> tuple[tuple[str, ...], ...]:
    return tuple(zip(*(_cells(column, rows) for column in columns), strict=True))


def _cells(column: Column, rows: int) -> list[str]:
    """The first cells as text; missing ones are empty."""
    if column.type == "numeric":
        dates = column.format.dates
        to_text = partial(date_text, order=dates) if dates else format_number
        return [to_text(value) if np.isfinite(value) else "" for value in column.numbers[:rows].tolist()]
    return [shorten(column.texts[code]) if code >= 0 else "" for code in column.text[:rows]]


def _example_images(source: Source) -> tuple[tuple[tuple[int, ...], ...], ...]:
    if source.images is None:
        return ()
    step = -(-source.images.shape[1] // EXAMPLE_SIDE)
    images = source.images[:EXAMPLE_IMAGES, ::step, ::step]
    if images.ndim == 4:
        images = images.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    return tuple(tuple(tuple(row) for row in image) for image in images.tolist())


def _ignored_notes(columns: Sequence[Column], roles: Mapping[str, Role]) -> list[DataNote]:
    reasons = [(column.name, unusable_reason(column)) for column in columns if roles[column.name] == "ignore"]
    return [
        DataNote(place="column", name=name, what=f"Column {name!r} is best ignored: {reason}.")
        for name, reason in reasons
        if reason
    ]

"""Describe a data set for the Data page: columns, distributions, a preview, suggested roles and tasks."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.date_features import date_part, varying_parts
from mtl_core.datasets.inputs.image import example_files, image_shape
from mtl_core.datasets.inputs.registry import default_columns
from mtl_core.datasets.inputs.sound import sound_shape
from mtl_core.datasets.numeric_features import bin_edges, has_missing_feature
from mtl_core.datasets.registry import KINDS, open_source, source_key
from mtl_core.datasets.source import Source
from mtl_core.protocol.series_key import SPLITS
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import (
    BundledDataset,
    ColumnInfo,
    DataNote,
    Dataset,
    DatasetInfo,
    Histogram,
    ImageInput,
    InputError,
    NumericInputs,
    OneHot,
    SoundInput,
    TableInput,
    TextInput,
    TextSpec,
    shorten,
)
from mtl_core.spec.inputs import BaseInput
from mtl_core.spec.reports import Role, Shape
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import Column, format_number
from mtl_core.tabular.column_roles import suggest_roles, suggest_tasks, unusable_reason
from mtl_core.tabular.text.vocabulary import read_tokens
from mtl_core.tabular.values.dates import date_text
from mtl_core.text import group_digits

PREVIEW_ROWS = 100
EXAMPLE_IMAGES = 24
EXAMPLE_SIDE = 32
TOP_CATEGORIES = 30
BINS = 40
_MOST_GRID_VALUES = 1000
_cache: LruCache[DatasetInfo] = LruCache(16)


def describe(dataset: Dataset) -> DatasetInfo:
    """Describe a data set: columns with their distributions, the first rows, suggested roles and tasks.

    Inputs and types that name no column are ignored, since somebody may be about to change them; ``load`` refuses them.

    Raises:
        InputError: The data cannot be read.
    """
    return _cache.get(source_key(dataset), lambda: _describe(dataset))


def describe_sample(dataset: Dataset) -> DatasetInfo | None:
    """Describe some rows of a data set, the first ones first; None where to read all of them takes no longer.

    Raises:
        InputError: There are no such data.
    """
    key = source_key(dataset)
    sample = None if key in _cache else KINDS[dataset.kind].open_sample(dataset)
    if sample is None:
        return None
    info, rows = _describe(dataset, sample.source), sample.source.rows
    what = f"These are {group_digits(rows)} rows of about {group_digits(sample.total_rows)}, the first and some others."
    note = DataNote(place="file", what=f"{what} The whole file is being read.", count=rows)
    return info.model_copy(update={"rows": sample.total_rows, "sample": rows, "notes": (note,)})


def _describe(dataset: Dataset, source: Source | None = None) -> DatasetInfo:
    source = source or open_source(dataset)
    columns = list(source.columns.values())
    roles = suggest_roles(columns) if source.roles is None else source.roles
    inputs = tuple(column.name for column in columns if roles[column.name] == "input")
    infos = []
    for i, column in enumerate(columns):
        report_progress(f"Describing {source.name}", 0.7 + 0.3 * i / len(columns))
        infos.append(_column_info(column, roles[column.name]))
    targets = [info for info in infos if info.suggested == "target"]
    is_image = source.has_only_pictures or (bool(source.image_column) and not inputs)
    return DatasetInfo(
        name=source.name,
        title=source.title,
        description=source.description,
        rows=source.rows,
        split_rows=None if isinstance(dataset, BundledDataset) else _split_rows(source),
        input_kind="image" if is_image else "table",
        input_shapes=_input_shapes(dataset, source, inputs),
        columns=(*infos, *_pixel_map_infos(source)),
        preview=tuple(
            (*row, *("" for _ in source.maps))
            for row in _preview(columns, EXAMPLE_IMAGES if is_image else PREVIEW_ROWS)
        ),
        images=_example_images(source),
        pictures=(*source.pictures, *([source.image_column] if source.image_column else [])),
        sounds=tuple(source.sounds),
        inputs=inputs,
        tasks=suggest_tasks(targets) if source.tasks is None else source.tasks,
        notes=(*source.notes_of(source.columns), *_ignored_notes(columns, roles)),
        fingerprint=source.digest,
        delimiter=source.delimiter,
        encoding=source.encoding,
        sheets=source.sheets,
        sheet=source.sheet,
    )


def _split_rows(source: Source) -> tuple[int, int, int] | None:
    """The rows of each split that the data come with."""
    if source.split is None:
        return None
    train, val, test = np.bincount(source.split, minlength=len(SPLITS)).tolist()
    return train, val, test


def _input_shapes(dataset: Dataset, source: Source, suggested: Sequence[str]) -> dict[str, Shape]:
    """Shape of one row of each input with these columns; fitted on the training rows it may be smaller."""
    if (named := dataset.named_inputs) is not None:
        return {name: shape for name, spec in named.items() if (shape := _input_shape(spec, source)) is not None}
    listed = dataset.inputs if isinstance(dataset.inputs, tuple) else ()
    if source.has_only_pictures and (dataset.has_default_inputs or not listed):
        return {"image": image_shape(next(iter(source.pictures.values())))}
    stated = tuple(name for name in source.expand(listed) or default_columns(source, ()) if name in source.columns)
    names = stated or tuple(suggested)
    if len(names) == 1 and source.columns[names[0]].type == "text":
        return {"text": _text_shape(source.columns[names[0]], dataset.text)}
    how = (dataset.numeric_inputs, dataset.categorical_inputs)
    return {"table": _table_shape([source.columns[name] for name in names], how, source)}


def _input_shape(spec: BaseInput, source: Source) -> Shape | None:
    """Shape of one row of an input; None where a column of it does not exist, which load refuses."""
    if isinstance(spec, ImageInput) and spec.column in source.pictures:
        return image_shape(source.pictures[spec.column])
    if isinstance(spec, ImageInput):
        return (spec.channels, *spec.size) if source.folder and spec.column in source.columns else None
    if isinstance(spec, SoundInput):
        exists = spec.column in source.columns or spec.column in source.sounds
        return sound_shape(spec.model_dump()) if exists else None
    columns = [source.columns[name] for name in source.expand(spec.source_columns) if name in source.columns]
    if isinstance(spec, TableInput):
        return _table_shape(columns, (spec.numeric_inputs, spec.categorical_inputs), source)
    if isinstance(spec, TextInput) and columns and columns[0].type == "text":
        return _text_shape(columns[0], spec)
    return None


def _text_shape(column: Column, text: TextSpec) -> Shape:
    with suppress(InputError):  # the tokenizer cannot be read, which load refuses
        return (read_tokens(column, text).max_length,)
    return (text.max_length,)


def _table_shape(columns: Sequence[Column], how: tuple[NumericInputs, OneHot], source: Source) -> Shape:
    width = 0
    for column in columns:
        parts = source.date_features.get(column.name) if column.format.dates else None
        width += sum(_width(date_part(column, part), *how) for part in parts or ("elapsed",))
    return (width,)


def _width(column: Column, numeric: NumericInputs, categorical: OneHot) -> int:
    """How many features a column becomes."""
    if column.type == "numeric":
        width = max(1, len(bin_edges(column.numbers[column.present], numeric)))
        return width + has_missing_feature(column.numbers, numeric)
    present = column.present
    counts = np.bincount(column.codes[present], minlength=len(column.values))
    frequent = min(int((counts >= categorical.least_rows).sum()), categorical.most)
    return frequent + (categorical.unseen or len(column.values) > frequent) + (not present.all())


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
        date_parts=varying_parts(column),
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
    bins = min(BINS, max(5, int(np.sqrt(len(numbers)))))
    edges: NDArray[np.floating[Any]]
    if column.whole and high - low < BINS:
        edges = np.arange(low, high + 2) - 0.5
    elif step := _grid_step(numbers):
        places = round((high - low) / step) + 1
        width = math.ceil(places / bins)  # equally many values in every bin, or the bars are uneven
        edges = low + step * (np.arange(0, places + width, width) - 0.5)
    else:
        edges = np.linspace(low, high, bins + 1)
    if not (np.diff(edges) > 0).all():  # so close together that floating point cannot tell the edges apart
        return Histogram(edges=(low, high), counts=(len(numbers),))
    counts, _ = np.histogram(numbers, edges)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def _grid_step(numbers: NDArray[np.float64]) -> float:
    """The step of numbers that all lie on a grid, such as pixels in parts of an image; 0.0 where they do not."""
    values = np.unique(numbers)
    if not 1 < len(values) <= _MOST_GRID_VALUES:
        return 0.0
    step = float(np.diff(values).min())
    positions = (values - values[0]) / step
    return step if positions[-1] < _MOST_GRID_VALUES and np.allclose(positions, positions.round(), atol=1e-3) else 0.0


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
    if source.image_column:
        pictures = example_files(source.columns[source.image_column], source.folder, EXAMPLE_IMAGES, EXAMPLE_SIDE)
    elif source.pictures:
        pictures = next(iter(source.pictures.values()))
    else:
        return ()
    step = -(-pictures.shape[1] // EXAMPLE_SIDE)
    images = pictures[:EXAMPLE_IMAGES, ::step, ::step]
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

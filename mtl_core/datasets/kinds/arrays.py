"""Arrays of the user's in files: pictures, matrices and labels."""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source
from mtl_core.spec import ArraysDataset, DataNote, InputError
from mtl_core.spec.paths import join
from mtl_core.spec.reports import Role
from mtl_core.tabular.arrays.array_file import Arrays, array_files, read_arrays
from mtl_core.tabular.arrays.split_arrays import describe_parts, join_split_arrays
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.column_roles import suggest_roles
from mtl_core.tabular.pixel_maps import PixelMap
from mtl_core.tabular.readers.table_file import file_stamp
from mtl_core.text import format_names

_MAX_COLUMNS = 20_000
_MAX_MAP_CLASSES = 64
_WHITE = 255
_KINDS = "biufUS"
"""Kinds of types that are read: truth values, numbers and texts."""
_sources: LruCache[Source] = LruCache(3)


@dataclass
class _Contents:
    """What arrays become, by name."""

    columns: dict[str, Column] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    maps: dict[str, PixelMap] = field(default_factory=dict)
    notes: list[DataNote] = field(default_factory=list)


def _stamp(dataset: ArraysDataset) -> Hashable:
    path = Path(dataset.path).expanduser()
    if dataset.path.strip() and path.is_dir():
        return tuple(file_stamp(str(file)) for file in array_files(path))
    return file_stamp(dataset.path)


def _open_source(dataset: ArraysDataset) -> Source:
    types = tuple(sorted(dataset.types.items()))
    return _sources.get((dataset.path, _stamp(dataset), types), lambda: _read(dataset))


def _read(dataset: ArraysDataset) -> Source:
    contents = _Contents()
    read = read_arrays(dataset.path)
    if joined := join_split_arrays(read):
        fix = "Put them into one array to split its rows otherwise."
        contents.notes.append(DataNote(place="split", what=describe_parts(joined), fix=fix))
        read = joined.arrays
    arrays = _rows_of_one_length(read, contents.notes)
    for name, array in arrays.items():
        _add(contents, name, array, dataset)
    _separate_maps(contents)
    rows = len(next(iter(arrays.values())))
    if not contents.columns and not contents.maps:
        fix = "Put the labels beside them: an array of one dimension, or of classes for each pixel."
        raise InputError("dataset.path", "no array can be a target", found=_shapes(arrays), fix=fix)
    digest = blake2b(digest_size=16)
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        for part in _parts(array):
            digest.update(part)
    if joined:
        digest.update(joined.split.tobytes())
    name = Path(dataset.path).name
    return Source(
        name=name,
        title=name,
        description=f"{rows} rows of {_shapes(arrays)}.",
        columns=contents.columns,
        digest=digest.hexdigest(),
        notes=tuple(contents.notes),
        pictures=contents.pictures,
        split=joined.split if joined else None,
        maps=contents.maps,
        roles=_roles(contents),
        column_groups=contents.groups,
        row_count=rows,
    )


def _rows_of_one_length(arrays: Arrays, notes: list[DataNote]) -> Arrays:
    """The arrays with the most frequent number of rows, of two such numbers the larger; the others are left out."""
    usable = {name: array for name, array in arrays.items() if array.ndim and array.dtype.kind in _KINDS and len(array)}
    if not usable:
        fix = "Arrays of numbers or texts are read, whose first dimension are the rows."
        raise InputError("dataset.path", "holds no array with rows", found=_shapes(arrays) or None, fix=fix)
    lengths = Counter(map(len, usable.values()))
    rows = max(lengths, key=lambda length: (lengths[length], length))
    left_out = [name for name in arrays if name not in usable or len(usable[name]) != rows]
    if left_out:
        have = "1 array has" if len(left_out) == 1 else f"{len(left_out)} arrays have"
        what = f"{have} no {rows} rows as the others do, and are left out ({format_names(left_out)})."
        fix = "To use them, put them into a file or folder of their own."
        notes.append(DataNote(place="file", what=what, count=len(left_out), fix=fix))
    return {name: array for name, array in usable.items() if len(array) == rows}


def _shapes(arrays: Mapping[str, NDArray[Any]]) -> str:
    return format_names([f"{name} {'×'.join(map(str, array.shape[1:])) or '1'}" for name, array in arrays.items()], 6)


def _parts(array: NDArray[Any]) -> Iterator[bytes]:
    """The content, a few rows at a time, since it may be a file that is larger than memory."""
    step = max(1, (1 << 24) // max(array[:1].nbytes, 1))
    for start in range(0, len(array), step):
        yield np.ascontiguousarray(array[start : start + step]).tobytes()


def _add(contents: _Contents, name: str, array: NDArray[Any], dataset: ArraysDataset) -> None:
    """Add an array as a column, as columns, or as pictures."""
    if array.ndim == 1:
        contents.columns[name] = _column(name, array, dataset)
    elif array.ndim == 2:
        if array.shape[1] > _MAX_COLUMNS:
            fix = f"At most {_MAX_COLUMNS} columns are read; give it the shape of pictures if it holds pixels."
            raise InputError("dataset.path", f"array {name!r} is too wide", found=f"{array.shape[1]} columns", fix=fix)
        names = tuple(f"{name}[{i}]" for i in range(array.shape[1]))
        contents.groups[name] = names
        contents.columns |= {of: _column(of, array[:, i], dataset) for i, of in enumerate(names)}
    elif (pixels := _pixels(array)) is not None:
        contents.pictures[name] = pixels
    else:
        what = f"Array {name!r} of {'×'.join(map(str, array.shape[1:]))} is no picture of 0…255 or 0…1, and left out."
        contents.notes.append(DataNote(place="column", name=name, what=what))


def _column(name: str, array: NDArray[Any], dataset: ArraysDataset) -> Column:
    cells = np.char.decode(array, "utf-8", "replace") if array.dtype.kind == "S" else np.ascontiguousarray(array)
    series = pd.Series(cells.tolist(), dtype=object) if cells.dtype.kind in "US" else pd.Series(_native(cells))
    return read_column(name, series, dataset.types.get(name))


def _native(array: NDArray[Any]) -> NDArray[Any]:
    """The array in the byte order of the machine, as pandas needs it; half precision as single."""
    if array.dtype == np.float16:
        return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _pixels(array: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Pictures ``[N, H, W]`` or ``[N, H, W, 3]`` of 0…255; None where an array holds none."""
    if array.ndim == 4 and 1 in (array.shape[1], array.shape[3]):
        array = array[:, 0] if array.shape[1] == 1 else array[..., 0]
    elif array.ndim == 4 and array.shape[3] != 3 and array.shape[1] == 3:
        array = np.moveaxis(array, 1, 3)
    is_shaped = array.ndim == 3 or (array.ndim == 4 and array.shape[3] == 3)
    if not is_shaped or 0 in array.shape or array.dtype.kind not in "biuf":
        return None
    if array.dtype == np.uint8:
        return array
    low, high = float(array.min()), float(array.max())
    if not 0 <= low <= high <= _WHITE:  # also where a number is missing
        return None
    is_share = array.dtype.kind == "b" or (array.dtype.kind == "f" and high <= 1)
    pixels: NDArray[np.uint8] = np.rint(array * np.float32(_WHITE) if is_share else array).astype(np.uint8)
    return pixels


def _separate_maps(contents: _Contents) -> None:
    """Take pictures of few small numbers beside others of their size for maps of classes."""
    pictures = contents.pictures
    for name, pixels in list(pictures.items()):
        sizes = [other.shape[1:3] for key, other in pictures.items() if key != name]
        if pixels.ndim == 3 and pixels.shape[1:] in sizes and (highest := int(pixels.max())) < _MAX_MAP_CLASSES:
            contents.maps[name] = PixelMap(pictures.pop(name), tuple(map(str, range(highest + 1))))


def _roles(contents: _Contents) -> dict[str, Role]:
    """Matrices and pictures are inputs, single columns targets; where there is no input the columns decide."""
    members = {column for group in contents.groups.values() for column in group}
    if not members and not contents.pictures:
        return suggest_roles(list(contents.columns.values()))
    inputs: Role = "ignore" if contents.pictures else "input"
    return {name: inputs if name in members else "target" for name in contents.columns}


def _check_settings(dataset: ArraysDataset, source: Source) -> None:
    for name in dataset.types:
        find_column(source.columns, name, join(("dataset", "types", name)))


KIND = DatasetKind(_stamp, _open_source, _check_settings)

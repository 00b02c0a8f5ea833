"""A folder of images of the user's, with a folder for each class."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source
from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.media.file_listing import FileListing, list_files
from mtl_core.media.images.image_file import IMAGE_SUFFIXES
from mtl_core.protocol.series_key import SPLITS
from mtl_core.spec import DataNote, ImageFolderDataset, TableDataset
from mtl_core.spec.data.dataset import CLASS_COLUMN, IMAGE_COLUMN
from mtl_core.spec.reports import Role
from mtl_core.tabular.cache import LruCache
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.column_roles import suggest_roles
from mtl_core.tabular.readers.table_file import file_stamp, read_file
from mtl_core.tabular.readers.table_format import RawTable
from mtl_core.tabular.table_columns import read_table
from mtl_core.text import format_names

_MOST_NAMED = 3
_listings: dict[str, FileListing] = {}
"""The last listing of each folder."""
_sources: LruCache[Source] = LruCache(6)


def _stamp(dataset: ImageFolderDataset) -> Hashable:
    folders = _listing(dataset).folders
    if not dataset.labels:
        return folders
    with _labels_at_fault():
        return folders, file_stamp(dataset.labels)


def _listing(dataset: ImageFolderDataset) -> FileListing:
    """The images of the folder, listed again only where files came or went."""
    if not dataset.path.strip():
        raise InputError("dataset.path", "must name a folder", fix="Choose a folder with a folder for each class.")
    listing = _listings.get(dataset.path)
    if listing is None or not listing.is_current():
        try:
            listing = list_files(dataset.path, IMAGE_SUFFIXES)
        except InputError as error:
            problem = error.problem
            found = problem.found or Path(dataset.path)
            raise InputError("dataset.path", problem.rule, found=found, fix=problem.fix) from None
        _listings[dataset.path] = listing
    return listing


def _open_source(dataset: ImageFolderDataset) -> Source:
    reading = tuple(sorted(dataset.types.items())), tuple(sorted(dataset.missing.items()))
    return _sources.get((dataset.path, _stamp(dataset), reading), lambda: _read(dataset))


def _read(dataset: ImageFolderDataset) -> Source:
    listing = _listing(dataset)
    names = [file.name for file in listing.files]
    labels = [file.label for file in listing.files]
    columns = {
        IMAGE_COLUMN: read_column(IMAGE_COLUMN, pd.Series(names, dtype=object), "text"),
        CLASS_COLUMN: read_column(CLASS_COLUMN, pd.Series(labels, dtype=object), "categorical"),
    }
    notes, digest = _listing_notes(listing), blake2b("\0".join(names).encode(), digest_size=16)
    if not any(labels):
        del columns[CLASS_COLUMN]
    if dataset.labels:
        table = _read_labels(dataset.labels)
        further, label_notes = _join(dataset, table, names)
        columns |= {name: column for name, column in further.items() if name not in columns}
        notes += [*table.notes, *label_notes]
        digest.update(table.digest.encode())
    folder = Path(dataset.path).expanduser().absolute()
    roles: dict[str, Role] = {**suggest_roles(list(columns.values())), IMAGE_COLUMN: "ignore"}
    roles |= {CLASS_COLUMN: "target"} if CLASS_COLUMN in columns else {}
    return Source(
        name=folder.name,
        title=folder.name,
        description=f"{len(names)} images in {len(set(labels) - {None})} classes.",
        columns=columns,
        digest=digest.hexdigest(),
        notes=tuple(notes),
        split=_split(listing),
        roles=roles,
        missing_texts=dataset.missing,
        folder=str(folder),
        image_column="" if dataset.labels else IMAGE_COLUMN,  # further columns are shown as a table
    )


def _listing_notes(listing: FileListing) -> list[DataNote]:
    notes = []
    if listing.others:
        files = "file is no image by its name" if len(listing.others) == 1 else "files are no images by their names"
        what = f"{len(listing.others)} {files} and left out ({format_names(listing.others, _MOST_NAMED)})."
        notes.append(DataNote(place="file", what=what, count=len(listing.others)))
    if listing.loops:
        what = (
            f"Links to folders that are listed already are not followed ({format_names(listing.loops, _MOST_NAMED)})."
        )
        notes.append(DataNote(place="file", what=what, count=len(listing.loops)))
    loose = [file.name for file in listing.files if file.label is None]
    if loose and len(loose) < len(listing.files):
        what = f"{len(loose)} images lie in no folder of a class and have none ({format_names(loose, _MOST_NAMED)})."
        notes.append(DataNote(place="column", name=CLASS_COLUMN, what=what, count=len(loose)))
    if listing.files[0].split is not None:
        what = "The rows are split by the folders train, val and test."
        notes.append(DataNote(place="split", what=what, fix="Rename these folders to split the rows otherwise."))
    return notes


def _split(listing: FileListing) -> "np.ndarray[tuple[int], np.dtype[np.int8]] | None":
    """The split of each image, where its folders have all three."""
    splits = [file.split for file in listing.files]
    if set(splits) != set(range(len(SPLITS))):
        return None
    return np.array(splits, np.int8)


def _read_labels(path: str) -> RawTable:
    with _labels_at_fault():
        return read_file(path)


@contextmanager
def _labels_at_fault() -> Iterator[None]:
    """Context manager that names the table of labels as the place of an error."""
    try:
        yield
    except (InputError, EnvironmentFault) as error:
        problem = error.problem
        raise type(error)("dataset.labels", problem.rule, found=problem.found or None, fix=problem.fix) from None


def _join(
    dataset: ImageFolderDataset, table: RawTable, names: Sequence[str]
) -> tuple[dict[str, Column], list[DataNote]]:
    """The columns of the table of labels with a row for each image, and notes about rows that fit none."""
    key, *_ = table.frame.columns
    keys = [str(cell).strip().replace("\\", "/").removeprefix("./") for cell in table.frame[key]]
    repeated = [name for name, count in Counter(keys).items() if count > 1 and name]
    if repeated:
        rule = f"each image once in its first column, {key!r}"
        raise InputError("dataset.labels", rule, found=format_names(repeated, _MOST_NAMED))
    row_of_key = {name: row for row, name in enumerate(keys)}
    row_of_image = np.array([_matching_row(name, row_of_key) for name in names], np.int64)
    if (row_of_image < 0).all():
        found = f"{keys[0]!r} in the table, {names[0]!r} in the folder"
        fix = "Put paths in the folder, or the names of the files, into the first column."
        raise InputError("dataset.labels", f"no image has its name in the first column, {key!r}", found=found, fix=fix)
    frame = table.frame.drop(columns=key).astype(object).iloc[row_of_image].reset_index(drop=True)
    frame[row_of_image < 0] = None
    unused = len(set(range(len(keys))) - set(row_of_image.tolist()))
    lacking = int((row_of_image < 0).sum())
    notes = []
    if lacking:
        what = f"{lacking} of {len(names)} images are not in the table of labels and lack its columns."
        notes.append(DataNote(place="file", what=what, count=lacking))
    if unused:
        what = f"{unused} of {len(keys)} rows of the table of labels name no image of the folder."
        notes.append(DataNote(place="file", what=what, count=unused))
    reading = TableDataset(path=dataset.labels, types=dataset.types, missing=dataset.missing)
    return read_table(frame, reading, table.delimiter), notes


def _matching_row(name: str, row_of_key: dict[str, int]) -> int:
    """The row of the longest end of an image's path that is a key, with or without its suffix; -1 where none is."""
    parts = PurePosixPath(name).parts
    for first in range(len(parts)):
        end = "/".join(parts[first:])
        for candidate in (end, end.removesuffix(PurePosixPath(name).suffix)):
            if candidate in row_of_key:
                return row_of_key[candidate]
    return -1


def _check_settings(dataset: ImageFolderDataset, source: Source) -> None:
    for setting in ("types", "missing"):
        for name in getattr(dataset, setting):
            find_column(source.columns, name, f"dataset.{setting}.{name}")


KIND = DatasetKind(_stamp, _open_source, _check_settings)

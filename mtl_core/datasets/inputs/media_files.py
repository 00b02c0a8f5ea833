"""Pictures and sounds in files that a column names: decoded once into the cache, and from there into tensors."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import Decoder
from mtl_core.media.cache import Blocks, CachedArray, MediaCache
from mtl_core.media.decoding import DecodeBytes, decode_files, file_stamps
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import DataNote
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Rows
from mtl_core.text import format_names

_VERSION = 1
"""Raise it when the same files would give other arrays."""
_BLOCK_BYTES = 2**21
_MOST_NAMED = 3


@dataclass(frozen=True)
class MediaForm:
    """The form in which files are decoded.

    Attributes:
        noun: What a file holds: ``picture`` or ``sound``.
        shape: Shape of a decoded file.
        dtype: Type of its numbers.
        decode: Decodes the content of a file.
        settings: All that determines the result, as JSON data.
    """

    noun: str
    shape: Shape
    dtype: np.dtype[Any]
    decode: DecodeBytes
    settings: dict[str, Any]

    @property
    def blank(self) -> NDArray[Any]:
        """What a row without a file gets."""
        return np.zeros(self.shape, self.dtype)


def file_paths(column: Column, folder: str) -> list[Path | None]:
    """The file of each row, None where the cell is missing; relative names begin at a folder."""
    paths = [Path(folder, name.replace("\\", "/")) for name in column.values]
    return [paths[code] if code >= 0 else None for code in column.codes.tolist()]


@dataclass(frozen=True, eq=False)
class StoredRows:
    """The decoded files of all rows, in the cache.

    Attributes:
        array: ``[N, …]``, mapped into memory.
        key: Its key in the cache.
        title: What it is, for people.
    """

    array: NDArray[Any]
    key: str
    title: str

    def select(self, rows: Rows, *, mapped: bool) -> Tensor:
        """The tensor of some rows.

        Args:
            rows: Their indices.
            mapped: Whether it stays in a file that is mapped into memory, instead of memory itself. Rows that are not
                side by side get a file of their own, so that the tensor is one block.
        """
        if not mapped or not len(rows):
            return torch.from_numpy(np.take(self.array, rows, axis=0))
        first, last = int(rows[0]), int(rows[-1]) + 1
        if last - first == len(rows) and (np.diff(rows) == 1).all():
            return torch.from_numpy(self.array[first:last])
        key = blake2b(self.key.encode() + rows.tobytes(), digest_size=16).hexdigest()
        shape, title = (len(rows), *self.array.shape[1:]), f"{self.title}, {len(rows)} rows of a split"
        return torch.from_numpy(MediaCache().get(key, shape, self.array.dtype, title, lambda: self._blocks(rows)).array)

    def _blocks(self, rows: Rows) -> Blocks:
        step = max(1, _BLOCK_BYTES // max(self.array[:1].nbytes, 1))
        for start in range(0, len(rows), step):
            report_progress(f"Arranged {start:,} of {len(rows):,} rows", start / len(rows))
            yield np.take(self.array, rows[start : start + step], axis=0)
        return {}


@dataclass(frozen=True, eq=False)
class DecodedFiles:
    """The files of a column, decoded.

    Attributes:
        stored: Their arrays.
        present: ``[N]``, true where a row has a file that could be decoded.
        digest: Hash of the content of all files.
        notes: Which files could not be read.
    """

    stored: StoredRows
    present: NDArray[np.bool_]
    digest: str
    notes: list[DataNote]


@dataclass(frozen=True, eq=False)
class DecodedRows:
    """Some new rows of an input whose files were decoded.

    Attributes:
        inputs: ``[N, …]`` float32: what the model reads; of a file that cannot be read as of a blank one.
        present: ``[N]``, true where a row has a file that could be decoded.
        messages: What was wrong with the first files that could not be.
    """

    inputs: Tensor
    present: NDArray[np.bool_]
    messages: list[str]


@dataclass(frozen=True, eq=False)
class NewFiles:
    """The files of an input of new rows, which are decoded some at a time.

    Attributes:
        paths: The file of each row; None where it has none.
        form: The form of the decoded files.
        decoder: From the decoded files to what the model reads.
    """

    paths: list[Path | None]
    form: MediaForm
    decoder: Decoder

    def decode(self, rows: slice) -> DecodedRows:
        """Decode the files of some rows, at least one."""
        paths, blocks = self.paths[rows], list[NDArray[Any]]()
        generator = decode_files(paths, self.form.decode, self.form.blank)
        while True:
            try:
                blocks.append(next(generator))
            except StopIteration as end:
                facts = end.value
                break
        present = np.array([path is not None for path in paths], np.bool_)
        present[facts["missing"]] = False
        return DecodedRows(self.decoder(torch.from_numpy(np.concatenate(blocks))), present, facts["messages"])


def decode_column(column: Column, folder: str, form: MediaForm, title: str) -> DecodedFiles:
    """Decode the files that a column names, or open what was decoded of them before.

    Args:
        column: The names of the files.
        folder: Where relative names begin.
        form: The form of the result.
        title: What they are, for the list of the cache.

    Raises:
        EnvironmentFault: They do not fit into the cache, or the disk is full.
    """
    paths = file_paths(column, folder)
    stamps = file_stamps(paths)
    names = [None if path is None else str(path) for path in paths]
    content = json.dumps([_VERSION, form.settings, names, stamps])
    key = blake2b(content.encode(), digest_size=16).hexdigest()
    shape = (len(paths), *form.shape)
    entry = MediaCache().get(key, shape, form.dtype, title, lambda: decode_files(paths, form.decode, form.blank))
    return _decoded(entry, key, column, form, title)


def _decoded(entry: CachedArray, key: str, column: Column, form: MediaForm, title: str) -> DecodedFiles:
    present = column.present.copy()
    present[entry.facts["missing"]] = False
    notes = unreadable_notes(column, form.noun, len(entry.facts["missing"]), entry.facts["messages"])
    return DecodedFiles(StoredRows(entry.array, key, title), present, entry.facts["digest"], notes)


def unreadable_notes(column: Column, noun: str, count: int, messages: Sequence[str]) -> list[DataNote]:
    """The note about files that could not be read."""
    if not count:
        return []
    files = "file" if count == 1 else "files"
    lead = f"Column {column.name!r}: {count} of {int(column.present.sum())} {files} cannot be read as a {noun}"
    what = f"{lead} ({format_names(list(messages), _MOST_NAMED)}); such a row lacks the {noun}."
    return [DataNote(place="column", name=column.name, what=what, count=count, fix="Replace these files.")]

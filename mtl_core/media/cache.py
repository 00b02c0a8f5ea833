"""A cache on disk of decoded pictures and sounds: an array per data set, mapped into memory when it is read.

An entry is ``<key>.npy`` and beside it ``<key>.json`` with its title and the facts that its maker added. The array is
moved to its name when it is complete, after its facts, so that a half-written entry is never read. Processes that make
the same entry at once each write their own file, and the last one stays. Entries that have not been used for longest
are removed when the limit is exceeded; a process that has one open keeps its content.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault
from mtl_core.files import atomic_write, remove_partial_files, write_text
from mtl_core.locations import home
from mtl_core.media.limits import read_limits
from mtl_core.text import format_size

Blocks = Generator[NDArray[Any], None, dict[str, Any]]
"""The rows of an array in order, some at a time; returns facts about them as JSON data."""

_KEY = re.compile(r"[0-9a-f]{16,64}")
_ABANDONED_SECONDS = 3600.0
_SPARE_BYTES = 2**28
"""Room on the disk that the cache leaves to others."""


@dataclass(frozen=True)
class CachedArray:
    """An array of the cache.

    Attributes:
        array: ``[N, …]``, mapped into memory; what is written to it is not written to the file.
        facts: What its maker returned.
    """

    array: NDArray[Any]
    facts: dict[str, Any]


@dataclass(frozen=True)
class CacheEntry:
    """An entry in the list of what the cache holds.

    Attributes:
        key: Its key.
        title: What it is, for people.
        size: Bytes on disk.
        last_used: When it was last made or opened, in seconds since 1970.
    """

    key: str
    title: str
    size: int
    last_used: float


class MediaCache:
    """The arrays in a folder.

    Args:
        folder: The folder; by default that of the application.
        limit: The most bytes of all entries; by default that of the settings.
    """

    def __init__(self, folder: Path | None = None, limit: int | None = None) -> None:
        self._folder = folder or home() / "cache" / "media"
        self._limit = read_limits().cache_bytes if limit is None else limit

    def get(
        self, key: str, shape: Sequence[int], dtype: np.dtype[Any], title: str, make: Callable[[], Blocks]
    ) -> CachedArray:
        """Open an entry; make it where it is not there, or not as described.

        Args:
            key: Hexadecimal digits that change whenever the content does.
            shape: Shape of the array; at least one row.
            dtype: Type of its numbers.
            title: What it is, for people.
            make: Gives the rows. What it raises is raised here, and nothing is kept.

        Raises:
            EnvironmentFault: It exceeds the limit, the disk is full, or a permission is missing.
        """
        if not _KEY.fullmatch(key):
            raise ValueError(f"not a key: {key!r}")
        if (entry := self._open(key, tuple(shape), dtype)) is not None:
            return entry
        self._make(key, tuple(shape), dtype, title, make())
        if (entry := self._open(key, tuple(shape), dtype)) is None:
            raise EnvironmentFault(str(self._array_path(key)), "cannot be read again after it was written")
        return entry

    def entries(self) -> tuple[CacheEntry, ...]:
        """The entries, the last used first."""
        found = []
        with suppress(OSError):
            for path in self._folder.glob("*.npy"):
                if _KEY.fullmatch(path.stem):
                    with suppress(OSError):
                        status = path.stat()
                        found.append(CacheEntry(path.stem, self._title(path.stem), status.st_size, status.st_mtime))
        return tuple(sorted(found, key=lambda entry: -entry.last_used))

    def remove(self, keys: Sequence[str] | None = None) -> int:
        """Remove entries, by default all; returns the bytes that were freed.

        One that another process has open stays where the system does not allow its removal (Windows).
        """
        freed = 0
        for entry in self.entries():
            if keys is None or entry.key in keys:
                freed += self._remove(entry)
        if keys is None:
            remove_partial_files(self._folder, seconds=_ABANDONED_SECONDS)
        return freed

    def _array_path(self, key: str) -> Path:
        return self._folder / f"{key}.npy"

    def _facts_path(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _open(self, key: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> CachedArray | None:
        """The entry if it is there and as described."""
        path = self._array_path(key)
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
            facts = json.loads(self._facts_path(key).read_text("utf-8"))["facts"]
        except (OSError, ValueError, KeyError, TypeError, EOFError):
            return None
        if array.shape != shape or array.dtype != dtype or not isinstance(facts, dict):
            return None
        with suppress(OSError):
            os.utime(path)
        return CachedArray(array, facts)

    def _make(self, key: str, shape: tuple[int, ...], dtype: np.dtype[Any], title: str, blocks: Blocks) -> None:
        size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EnvironmentFault(str(self._folder), "cannot be made", found=error) from None
        remove_partial_files(self._folder, seconds=_ABANDONED_SECONDS)
        self._make_room(size, title)
        path = self._array_path(key)
        try:
            with atomic_write(path) as temporary:
                with temporary.open("wb") as file:
                    facts = _write_array(file, shape, dtype, blocks)
                write_text(self._facts_path(key), json.dumps({"title": title, "facts": facts}))
        except EnvironmentFault:
            if self._open(key, shape, dtype) is None:  # on Windows one that is open elsewhere cannot be replaced
                raise
        finally:
            blocks.close()

    def _make_room(self, size: int, title: str) -> None:
        """Remove the entries that were not used for longest until one of that size fits."""
        if size > self._limit:
            rule = f"{title} takes {format_size(size)} decoded, more than the cache may hold"
            fix = "Raise the limit of the cache, or take smaller pictures or shorter sounds."
            raise EnvironmentFault("cache", rule, found=f"a limit of {format_size(self._limit)}", fix=fix)
        entries = list(self.entries())
        total = sum(entry.size for entry in entries)
        while entries and (total + size > self._limit or self._free() < size + _SPARE_BYTES):
            total -= self._remove(entries.pop())
        if self._free() < size + _SPARE_BYTES:
            rule, found = f"has no room for {title}, {format_size(size)} decoded", f"{format_size(self._free())} free"
            raise EnvironmentFault(str(self._folder), rule, found=found, fix="Free some room on the disk.")

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free

    def _remove(self, entry: CacheEntry) -> int:
        try:
            self._array_path(entry.key).unlink()
            self._facts_path(entry.key).unlink(missing_ok=True)
        except OSError:
            return 0
        return entry.size

    def _title(self, key: str) -> str:
        try:
            return str(json.loads(self._facts_path(key).read_text("utf-8"))["title"])
        except (OSError, ValueError, KeyError, TypeError):
            return ""


def _write_array(file: BinaryIO, shape: tuple[int, ...], dtype: np.dtype[Any], blocks: Blocks) -> dict[str, Any]:
    """Write the blocks as one array; returns the facts.

    They are written and not mapped: a full disk is then an error, and not the end of the process.
    """
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    rows = 0
    while True:
        try:
            block = next(blocks)
        except StopIteration as end:
            facts: dict[str, Any] = end.value or {}
            break
        if block.dtype != dtype or block.shape[1:] != shape[1:]:
            raise ValueError(f"a block of {block.dtype} {block.shape} in an array of {dtype} {shape}")
        file.write(np.ascontiguousarray(block).data)
        rows += len(block)
    if rows != shape[0]:
        raise ValueError(f"{rows} rows in an array of {shape}")
    return facts

"""Runs as one file: a zip with their rows as JSON, their points as NumPy arrays, and their files; without pickle.

========================  =============================================================================================
``manifest.json``         ``format``, ``version`` of this form and ``schema`` of the rows; for each other member its
                          size and SHA-256; a digest of all this
``rows/<table>.jsonl``    the rows of a table of the store: on the first line the names of the columns, on each further
                          one the values of a row
``points/<run>/*.npy``    ``steps`` (int64) and ``numbers`` (float64) of the rows in ``rows/chunks.jsonl``, one chunk
                          behind the other
``files/<run>/…``         the files of a run: checkpoints and other artifacts
========================  =============================================================================================
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import InputError
from mtl_core.files import atomic_write, is_partial_file
from mtl_core.store import RunStore
from mtl_core.store.rows.raw_rows import RAW_TABLES, raw_columns
from mtl_core.store.schema import SCHEMA

FORMAT = "mtl-workbench runs"
VERSION = 1
MANIFEST = "manifest.json"
ARRAYS = {"steps": np.dtype("<i8"), "numbers": np.dtype("<f8")}
"""Columns of the chunks that are members of their own, and the type of their elements."""
_BLOCK = 2**20
_FORBIDDEN = frozenset('\\:*?"<>|')
"""Characters that some system does not allow in the name of a file."""


@dataclass(frozen=True)
class RunFile:
    """What was written to a file.

    Attributes:
        runs: Numbers of the runs.
        files: Number of files of the runs that are in it.
        notes: What is not in it, one sentence each.
    """

    runs: tuple[int, ...]
    files: int
    notes: tuple[str, ...]


def write_run_file(store: RunStore, runs: Sequence[int], path: Path) -> RunFile:
    """Write runs that have ended to one file, atomically.

    Args:
        store: The store.
        runs: Numbers of the runs.
        path: The file.

    Raises:
        InputError: There is no such run, it has not ended, or ``path`` is not that of a plain file.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    numbers = sorted(set(runs))
    for record in map(store.run, numbers):
        if not record.has_ended:
            raise InputError(
                f"run {record.id}", "has not ended", found=record.state, fix="Wait for its end or stop it."
            )
    with atomic_write(path) as new, zipfile.ZipFile(new, "w") as archive:
        writer = _Writer(archive)
        notes: list[str] = []
        for table in RAW_TABLES:
            rows = store.raw_rows(table, numbers)
            if table == "artifacts":
                rows = _inner_artifacts(store, rows, notes)
            if table == "chunks":
                _write_points(writer, rows)
            writer.rows(table, rows)
        before = len(writer.members)
        for run in numbers:
            _write_files(writer, store.artifacts_dir(run), run, notes)
        files = len(writer.members) - before
        writer.manifest()
    return RunFile(tuple(numbers), files, tuple(notes))


def rows_name(table: str) -> str:
    """Return the name of the member with the rows of a table."""
    return f"rows/{table}.jsonl"


def is_safe_path(name: str) -> bool:
    """Whether a relative path with slashes stays in its folder on every system."""
    parts = name.split("/")
    return all(
        part and part not in (".", "..") and part.isprintable() and not set(part) & _FORBIDDEN and len(part) < 200
        for part in parts
    )


def digest_of(manifest: dict[str, Any]) -> str:
    """Return the digest of a manifest, without that in it."""
    content = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


class _Writer:
    """Writes members and keeps their sizes and digests."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.members: dict[str, dict[str, Any]] = {}

    @contextmanager
    def member(self, name: str, compression: int = zipfile.ZIP_DEFLATED) -> Iterator["_HashedStream"]:
        info = zipfile.ZipInfo(name)
        info.compress_type = compression
        with self._archive.open(info, "w", force_zip64=True) as stream:
            hashed = _HashedStream(stream)
            yield hashed
        self.members[name] = {"bytes": hashed.size, "sha256": hashed.digest.hexdigest()}

    def rows(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        columns = [column for column in raw_columns(table) if not (table == "chunks" and column in ARRAYS)]
        with self.member(rows_name(table)) as stream:
            for line in (columns, *([row[column] for column in columns] for row in rows)):
                stream.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def array(self, name: str, array: NDArray[Any]) -> None:
        with self.member(name) as stream:
            np.lib.format.write_array(stream, array, allow_pickle=False)

    def manifest(self) -> None:
        manifest: dict[str, Any] = {"format": FORMAT, "version": VERSION, "schema": SCHEMA, "members": self.members}
        manifest["digest"] = digest_of(manifest)
        self._archive.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False))


class _HashedStream:
    """A stream that is written to, with the size and SHA-256 of what was written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data: Any) -> int:
        block = bytes(data)
        self._stream.write(block)
        self.digest.update(block)
        self.size += len(block)
        return len(block)


def _write_points(writer: _Writer, chunks: Sequence[dict[str, Any]]) -> None:
    by_run: dict[int, list[dict[str, Any]]] = {}
    for chunk in chunks:
        by_run.setdefault(chunk["run_id"], []).append(chunk)
    for run, own in by_run.items():
        for name, kind in ARRAYS.items():
            writer.array(f"points/{run}/{name}.npy", np.frombuffer(b"".join(chunk[name] for chunk in own), kind))


def _inner_artifacts(store: RunStore, rows: Sequence[dict[str, Any]], notes: list[str]) -> list[dict[str, Any]]:
    """Return the rows of files in the folders of their runs; note those elsewhere, and those that are gone."""
    inner = []
    for row in rows:
        if not is_safe_path(row["path"]):
            notes.append(f"Run {row['run_id']}: {row['path']} is not in the run's folder and is left out.")
            continue
        if not (store.artifacts_dir(row["run_id"]) / row["path"]).is_file():
            notes.append(f"Run {row['run_id']}: {row['path']} is gone; only its row is in the file.")
        inner.append(row)
    return inner


def _write_files(writer: _Writer, folder: Path, run: int, notes: list[str]) -> None:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(parent) / name for name in sorted(names)):
            relative = path.relative_to(folder).as_posix()
            if path.is_symlink() or not path.is_file() or not is_safe_path(relative):
                notes.append(f"Run {run}: {relative} is not a plain file with a plain name and is left out.")
            elif not is_partial_file(path):
                name = PurePosixPath("files", str(run), relative).as_posix()
                with path.open("rb") as source, writer.member(name, zipfile.ZIP_STORED) as stream:
                    while block := source.read(_BLOCK):
                        stream.write(block)

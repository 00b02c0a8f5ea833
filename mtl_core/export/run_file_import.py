"""Import of the runs of one file to another store.

Whoever made the file is not trusted: members are named in the manifest, of the stated size and digest, and stay in
their folder; they do not unpack to many times the file's size; rows have the columns and types of the store.
"""

import hashlib
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from mtl_core.errors import InputError, StoreError, file_error
from mtl_core.export.row_check import RowCheck
from mtl_core.export.run_file import ARRAYS, FORMAT, MANIFEST, VERSION, digest_of, is_safe_path, rows_name
from mtl_core.store import RunStore
from mtl_core.store.rows.raw_rows import RAW_TABLES, raw_columns, start_run
from mtl_core.store.schema import SCHEMA

_MANIFEST_BYTES = 2**25
_FREE_EXPANSION = 2**26
"""Bytes to which compressed members may unpack in any case."""
_EXPANSION = 100
"""How many times the size of the file compressed members may unpack to beyond that; arrays of points reach about 16."""
_BLOCK = 2**20
_NPY_HEADER = 4096
_READ_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


@dataclass(frozen=True)
class ImportedRuns:
    """Runs that were imported.

    Attributes:
        numbers: Their numbers in this store, by those in the file.
        notes: What a person should know of them, one sentence each.
    """

    numbers: Mapping[int, int]
    notes: tuple[str, ...] = ()


def import_run_file(store: RunStore, path: Path, *, again: bool = False) -> ImportedRuns:
    """Add the runs of a file to a store, with new numbers; all of them or, if that fails, none.

    Args:
        store: The store.
        path: The file, as :func:`mtl_core.export.run_file.write_run_file` writes it.
        again: Whether to import runs that the store has already.

    Raises:
        InputError: The file is not one of runs, or the store has one of them already.
        StoreError: The file is damaged, or of a newer version.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _import(store, _Reader(archive, path), again=again)
    except zipfile.BadZipFile:
        raise InputError(str(path), "must be a whole file of runs, as export --to run writes it") from None
    except OSError as error:
        raise file_error(path, "cannot be read", error) from None


def is_run_file(path: Path) -> bool:
    """Whether a file is a zip, as files of runs are, whole or not."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


def _import(store: RunStore, reader: "_Reader", *, again: bool) -> ImportedRuns:
    rows = {table: reader.rows(table) for table in RAW_TABLES}
    runs = {row["id"] for row in rows["runs"]}
    if len(runs) != len(rows["runs"]) or not runs:
        raise reader.damage(rows_name("runs"))
    reader.check_members(runs)
    for table in RAW_TABLES[1:]:
        if not {row["run_id"] for row in rows[table]} <= runs:
            raise reader.damage(rows_name(table))
    reader.add_points(rows["chunks"])
    if not again and (copies := store.find_copies(rows["runs"])):
        found = ", ".join(f"run {old} is run {new} here" for old, new in copies.items())
        fix = "With --again, the command line imports them once more."
        raise InputError(str(reader.path), "has runs that this store has already", found=found, fix=fix)
    with store.staging_folder() as folder:
        for run in runs:
            (folder / str(run)).mkdir()
        reader.extract_files(folder)
        numbers = store.import_runs(rows, {run: folder / str(run) for run in runs})
    return ImportedRuns(numbers, tuple(_start_notes(rows["runs"], numbers)))


def _start_notes(runs: list[dict[str, Any]], numbers: Mapping[int, int]) -> Iterator[str]:
    for row in runs:
        start = start_run(row["spec"])
        if start is not None and start not in numbers:
            yield (
                f"Run {numbers[row['id']]} began with the weights of run {start} of its store, which is not in the "
                "file. Choose other weights before you run it again."
            )


class _Reader:
    """Reads members and checks each against the manifest."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive, self.path = archive, path
        self._infos = {info.filename: info for info in archive.infolist()}
        self._members: dict[str, Any] = {}
        self._members = self._read_manifest()
        self._check_sizes()

    def damage(self, member: str) -> StoreError:
        """Return the error of a damaged member."""
        return StoreError(str(self.path), "is damaged", found=member, fix="Export the runs once more.")

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the rows of a table, with the columns and types that it has in the store."""
        name = rows_name(table)
        columns = {column: kind for column, kind in raw_columns(table).items() if kind is not bytes}
        try:
            header, *lines = [json.loads(line) for line in self._read(name).split(b"\n") if line]
        except (ValueError, RecursionError):
            raise self.damage(name) from None
        rows = [dict(zip(columns, row, strict=False)) if isinstance(row, list) else {} for row in lines]
        if header != list(columns) or not all(map(RowCheck(table, columns), rows)):
            raise self.damage(name)
        return rows

    def check_members(self, runs: set[int]) -> None:
        """Check that every member has its place: rows, the points of a run, or a file in the folder of a run."""
        known = {rows_name(table) for table in RAW_TABLES}
        known |= {f"points/{run}/{name}.npy" for run in runs for name in ARRAYS}
        folders = {str(run) for run in runs}
        for name in self._members.keys() - known:
            kind, _, rest = name.partition("/")
            if kind != "files" or rest.partition("/")[0] not in folders or not is_safe_path(rest) or "/" not in rest:
                raise self.damage(name)

    def add_points(self, chunks: list[dict[str, Any]]) -> None:
        """Add the arrays of each chunk to its row, as bytes."""
        counts = Counter[int]()
        for chunk in chunks:
            counts[chunk["run_id"]] += chunk["count"]
        arrays = {run: {name: self._array(run, name, count) for name in ARRAYS} for run, count in counts.items()}
        position = Counter[int]()
        for chunk in chunks:
            start = position[chunk["run_id"]]
            position[chunk["run_id"]] = end = start + chunk["count"]
            chunk |= {name: array[8 * start : 8 * end] for name, array in arrays[chunk["run_id"]].items()}

    def _array(self, run: int, name: str, count: int) -> bytes:
        member = f"points/{run}/{name}.npy"
        if not 0 <= self._bytes(member) - 8 * count <= _NPY_HEADER:
            raise self.damage(member)
        try:
            array = np.load(BytesIO(self._read(member)), allow_pickle=False)
        except (ValueError, EOFError, SyntaxError) as error:
            raise self.damage(member) from error
        if array.dtype != ARRAYS[name] or array.shape != (count,):
            raise self.damage(member)
        content: bytes = array.tobytes()
        return content

    def extract_files(self, folder: Path) -> None:
        """Write the files of the runs to a folder with a folder for each run."""
        for name in self._members:
            kind, _, rest = name.partition("/")
            if kind == "files":
                target = folder / rest
                target.parent.mkdir(parents=True, exist_ok=True)
                with target.open("xb") as file:
                    for block in self._blocks(name):
                        file.write(block)

    def _read(self, name: str) -> bytes:
        return b"".join(self._blocks(name))

    def _blocks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member; it ends with an error unless size and digest are those of the manifest."""
        digest, size = hashlib.sha256(), 0
        stated = self._members.get(name)
        if stated is None:
            raise self.damage(f"{name} is missing")
        try:
            with self._archive.open(self._infos[name]) as stream:
                while block := stream.read(_BLOCK):
                    size += len(block)
                    digest.update(block)
                    if size > stated["bytes"]:
                        break
                    yield block
        except _READ_ERRORS:
            raise self.damage(name) from None
        if (size, digest.hexdigest()) != (stated["bytes"], stated["sha256"]):
            raise self.damage(name)

    def _bytes(self, name: str) -> int:
        if name not in self._members:
            raise self.damage(f"{name} is missing")
        size: int = self._members[name]["bytes"]
        return size

    def _read_manifest(self) -> dict[str, Any]:
        info = self._infos.get(MANIFEST)
        rule = "must be a file of runs, as export --to run writes it"
        if info is None:
            raise InputError(str(self.path), rule, found="another zip archive")
        if info.file_size > _MANIFEST_BYTES:
            raise self.damage(MANIFEST)
        try:
            manifest = json.loads(self._archive.read(info))
        except (*_READ_ERRORS, ValueError, RecursionError):
            raise self.damage(MANIFEST) from None
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise InputError(str(self.path), rule, found="another zip archive")
        version, schema = manifest.get("version"), manifest.get("schema")
        if (version, schema) != (VERSION, SCHEMA):
            rule = f"must be of version {VERSION} with rows of schema {SCHEMA}, which this program reads"
            found, fix = f"version {version}, schema {schema}", "Update MTL Workbench here, or where it was written."
            raise StoreError(str(self.path), rule, found=found, fix=fix)
        members = manifest.get("members")
        if not isinstance(members, dict) or manifest.get("digest") != digest_of(manifest):
            raise self.damage(MANIFEST)
        return members

    def _check_sizes(self) -> None:
        """Check that members are those of the manifest, and do not unpack to much more than the file holds."""
        if len(self._infos) != len(self._archive.infolist()) or self._infos.keys() - {MANIFEST} != set(self._members):
            raise self.damage("its list of members")
        room, unpacked, stored = self.path.stat().st_size, 0, 0
        for name, info in self._infos.items():
            stated = self._members.get(name, {"bytes": info.file_size, "sha256": ""})
            if not isinstance(stated, dict) or stated.get("bytes") != info.file_size or "sha256" not in stated:
                raise self.damage(name)
            if info.compress_type == zipfile.ZIP_STORED:
                stored += info.file_size
            else:
                unpacked += info.file_size
        if stored > room or unpacked > _FREE_EXPANSION + _EXPANSION * room:
            rule = f"must not unpack to more than {_EXPANSION} times its size"
            raise InputError(str(self.path), rule, found=f"{stored + unpacked} bytes of {room}")

"""Read the arrays of NumPy files (npy, npz), IDX files or a folder of these, without running anything in them."""

import gzip
import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mtl_core.errors import file_error
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import InputError, column_name
from mtl_core.tabular.arrays import NO_ARRAYS, is_array_name
from mtl_core.tabular.arrays.idx import IDX_TYPES, idx_name, read_idx

Array = NDArray[Any]
Arrays = dict[str, Array]

MAX_BYTES = 8 << 30
"""Most bytes of all arrays of a file that is compressed, inflated."""
_NPY, _GZIP = b"\x93NUMPY", b"\x1f\x8b"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
"""The beginnings of an archive, and of one without parts."""
_DAMAGE = (
    *(EOFError, OSError, SyntaxError, tokenize.TokenError, ValueError, TypeError, KeyError, IndexError, MemoryError),
    *(NotImplementedError, OverflowError, RuntimeError, UnicodeError, zipfile.BadZipFile, zlib.error),
)
_FIX = "Write it again by numpy.savez(path, x=…, y=…)."
_ONE_NAME = "array"
_UNNAMED = "arr_0"
"""How NumPy names the first array of an archive that was given no name."""


def read_arrays(path: str) -> Arrays:
    """Read the arrays of a file or folder, by name.

    Raises:
        InputError: It cannot be read, is damaged, or holds no arrays; or they are objects or too large.
    """
    absolute = Path(path).expanduser()
    if not absolute.is_dir():
        return _read_file(absolute, _ONE_NAME)
    arrays: Arrays = {}
    for file in array_files(absolute):
        for name, array in _read_file(file, "").items():
            if name in arrays:
                found = f"{name!r} in {file.name}"
                fix = "Rename one of the files."
                raise InputError("dataset.path", "two arrays of the folder have one name", found=found, fix=fix)
            arrays[name] = array
    return arrays


def array_files(folder: Path) -> list[Path]:
    """The files with arrays in a folder, but not in folders below it, sorted by name.

    Raises:
        InputError: There are none.
    """
    try:
        files = sorted(file for file in folder.iterdir() if is_array_name(file.name) and file.is_file())
    except OSError as error:
        raise file_error("dataset.path", "cannot be read", error, found=folder) from None
    if not files:
        fix = "Choose a folder with files whose names end in .npy, .npz, .idx or -ubyte, or in these with .gz."
        raise InputError("dataset.path", NO_ARRAYS, found=folder, fix=fix)
    return files


def _read_file(path: Path, default_name: str) -> Arrays:
    """The arrays of one file; an only array without a name gets the default name, or else that of the file."""
    report_progress(f"Reading {path.name}", 0.0)
    name = default_name or idx_name(path.name)
    try:
        with path.open("rb") as file:
            head = file.read(len(_NPY))
            file.seek(0)
            if head.startswith(_ZIPS):
                arrays = _read_npz(file)
                return {name: arrays[_UNNAMED]} if not default_name and list(arrays) == [_UNNAMED] else arrays
            if head.startswith(_GZIP):
                return {name: _read_stream(io.BytesIO(_inflate(file)))}
            return {name: _map_npy(path, file) if head == _NPY else _read_stream(file)}
    except InputError as error:
        raise InputError(
            "dataset.path", error.problem.rule, found=error.problem.found or path.name, fix=error.problem.fix
        ) from None
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise file_error("dataset.path", "cannot be read", error, found=path) from None
        reason = str(error).splitlines()[0].rstrip(".")[:80] if str(error) else type(error).__name__
        raise InputError("dataset.path", f"is no whole file of arrays ({reason})", found=path.name, fix=_FIX) from None


def _read_npz(file: BinaryIO) -> Arrays:
    with zipfile.ZipFile(file) as archive:
        parts = [part for part in archive.infolist() if part.filename.endswith(".npy")]
        if not parts:
            raise InputError("", "is an archive without arrays (.npy)", fix=_FIX)
        if (size := sum(part.file_size for part in parts)) > MAX_BYTES:
            raise InputError("", f"inflates to {size / 2**30:.1f} GiB, and at most {MAX_BYTES >> 30} GiB are read")
        arrays: Arrays = {}
        for part in parts:
            name = column_name(part.filename.removesuffix(".npy")).strip()
            with archive.open(part) as content:
                array = _read_npy(content, part.file_size)
                if content.read(1):  # also checks the checksum of the part
                    raise InputError("", f"array {name!r} does not have the size that its header says", fix=_FIX)
            arrays[name] = array
        return arrays


def _read_npy(file: Any, size: int) -> Array:
    """Read one array in NumPy's format from a stream of ``size`` bytes."""
    shape, fortran_order, dtype = _npy_header(file)
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > size:
        raise InputError("", f"is cut off: its header says {wanted} bytes, and there are fewer", fix=_FIX)
    array = np.frombuffer(file.read(wanted), dtype)
    return array.reshape(shape[::-1]).T if fortran_order else array.reshape(shape)


def _npy_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(file)
    read: Callable[[Any], Any] = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(file)
    if dtype.hasobject:
        fix = "Write plain numbers or texts: numpy.asarray(x, dtype=…)."
        raise InputError("", "holds Python objects, which are not read since they can run programs", fix=fix)
    if dtype.fields or not dtype.itemsize:
        raise InputError("", "holds records, and arrays of one type are read", fix="Write each field as an array.")
    return shape, fortran_order, dtype


def _map_npy(path: Path, file: BinaryIO) -> Array:
    """Map the array of a file into memory, so that only what is used is read."""
    shape, fortran_order, dtype = _npy_header(file)
    wanted, there = math.prod(shape) * dtype.itemsize, path.stat().st_size - file.tell()
    if wanted > there:
        raise InputError("", f"is cut off: its header says {wanted} bytes, and there are {there}", fix=_FIX)
    if not wanted:
        return np.empty(shape, dtype)
    order: Any = "F" if fortran_order else "C"
    return np.memmap(path, dtype, "r", file.tell(), shape, order)


def _inflate(file: BinaryIO) -> bytes:
    """Inflate part by part, so that a small file cannot demand all memory at once."""
    parts, total = [], 0
    with gzip.open(file) as content:
        while part := content.read(1 << 24):
            parts.append(part)
            if (total := total + len(part)) > MAX_BYTES:
                raise InputError("", f"inflates to more than {MAX_BYTES >> 30} GiB, which are not read")
    return b"".join(parts)


def _read_stream(file: Any) -> Array:
    """Read the array of an NPY or IDX file from a stream."""
    start = file.read(4)
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    if start == _NPY[:4]:
        return _read_npy(file, size)
    if len(start) == 4 and start[:2] == b"\0\0" and start[2] in IDX_TYPES and start[3]:
        return read_idx(file, size)
    fix = "Files of NumPy (.npy, .npz) and IDX files, such as those of MNIST, are read."
    raise InputError("", "holds no arrays" if size else "the file is empty", fix=fix)

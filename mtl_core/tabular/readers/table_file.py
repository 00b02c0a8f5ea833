"""Read the table in a file of any format."""

import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from mtl_core.errors import file_error
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import InputError, column_name
from mtl_core.tabular.readers.encodings import BINARY_FIX, BinaryDataError
from mtl_core.tabular.readers.formats import FORMATS, RECOGNITION_ORDER, format_titles
from mtl_core.tabular.readers.table_format import TOO_NARROW, FileContent, RawTable
from mtl_core.tabular.readers.workbook import SIGNATURES

Stamp = tuple[str, int, int, int]


def file_stamp(path: str, where: str = "dataset.path") -> Stamp:
    """Absolute path, inode, modification time in ns and size of a file, which change when the file does.

    Args:
        path: The file.
        where: Its place in the spec.

    Raises:
        InputError: There is no such file, or it is a folder or a device.
        EnvironmentFault: It may not or cannot be read.
    """
    if not path.strip():
        raise InputError(where, "must name a file", fix=f"Choose a {format_titles()} file.")
    try:
        absolute = Path(path).expanduser().absolute()
        status = absolute.stat()
    except FileNotFoundError:
        raise InputError(where, "there is no such file", found=Path(path)) from None
    except OSError as error:
        raise file_error(where, "cannot be read", error, found=Path(path)) from None
    except (ValueError, RuntimeError) as error:
        raise InputError(where, f"cannot be read ({str(error).lower()})", found=Path(path)) from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError(where, "must be a file, it is a folder", found=Path(path), fix="Choose a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError(where, "must be an ordinary file", found=Path(path))
    return str(absolute), status.st_ino, status.st_mtime_ns, status.st_size


def read_file(path: str, options: FileContent | None = None) -> RawTable:
    """Read the table in a file; its format is recognized by its content, not by its name.

    Only formats of other packages are recognized by the name of the file, or stated by their kind.

    Args:
        path: The file.
        options: What is stated about the file, with any content; None: nothing.

    Raises:
        InputError: There is no such file, or it is no table; the error says which and where.
        EnvironmentFault: It may not or cannot be read.
    """
    options = options or FileContent(b"", Path(path).name)
    try:
        report_progress(f"Reading {Path(path).name}", 0.0)
        data = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise file_error("dataset.path", "cannot be read", error, found=Path(path)) from None
    return read_table_content(replace(options, data=data))


def read_bytes(data: bytes, name: str) -> RawTable:
    """Read the table in the content of a file called ``name``, as :func:`read_file` does without options.

    Raises:
        InputError: It is no table.
    """
    return read_table_content(FileContent(data, name))


def read_table_content(file: FileContent) -> RawTable:
    """Read the table in the content of a file.

    Raises:
        InputError: It is no table.
    """
    if not file.data or file.data.isspace():
        raise InputError("dataset.path", "the file is empty", found=file.name)
    report_progress(f"Reading {file.name}", 0.1)
    table = _read(file)
    frame = table.frame
    frame.columns = named_columns([str(column) for column in frame.columns], "dataset.path", "Rename them in the file.")
    found = ", ".join(frame.columns)
    if len(frame.columns) < file.min_columns:
        raise InputError("dataset.path", "has only one column", found=found, fix=TOO_NARROW)
    if frame.empty:
        raise InputError("dataset.path", "has column names and no rows", found=found)
    return replace(table, digest=blake2b(file.data, digest_size=16).hexdigest())


def _read(file: FileContent) -> RawTable:
    is_archive = file.data.startswith(SIGNATURES)
    if file.stated_format:
        formats = [form for form in FORMATS if form.kind == file.stated_format]
    else:
        formats = [form for form in RECOGNITION_ORDER if form.cells == "typed" or form.kind or not is_archive]
    try:
        for table_format in formats:
            if (table := table_format.read(file)) is not None:
                return table
    except BinaryDataError:
        pass
    what, found = ("; this is an archive", file.name) if is_archive else ("", "binary data")
    raise InputError("dataset.path", f"must be {format_titles()}{what}", found=found, fix=BINARY_FIX)


def named_columns(header: Sequence[str], where: str, fix: str) -> list[str]:
    """Normalize the names of columns and check that they are unique; an empty name becomes ``column 3``.

    Args:
        header: The names.
        where: The place in the spec, for the error.
        fix: What to do about repeated names.

    Raises:
        InputError: A name is repeated.
    """
    names = [column_name(name).strip() for name in header]
    names = [name or f"column {i + 1}" for i, name in enumerate(names)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        found = ", ".join(f"{name!r} {names.count(name)} times" for name in repeated[:5])
        raise InputError(where, "each column needs a name of its own", found=found, fix=fix)
    return names

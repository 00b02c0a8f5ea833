"""A table file to cells: CSV, TSV and the like and JSON lines as text, Parquet as it is typed."""

import csv
import io
import re
import stat
from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import pandas as pd

from mtl_core.spec import DataNote, InputError, column_name
from mtl_core.tabular.readers.encodings import decode
from mtl_core.tabular.readers.json_lines import json_rows

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 100
_SEPARATOR_HINT = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*(?:\r\n|\n|\r)')
"""The first line with which spreadsheets are told the delimiter."""
_TOO_NARROW = "A table needs at least two columns: an input and a target."
Stamp = tuple[str, int, int, int]


@dataclass(frozen=True, eq=False)
class RawTable:
    """Cells by column: text as written (CSV) or typed (Parquet); how they were read; a hash of the file."""

    frame: pd.DataFrame
    form: str
    digest: str
    notes: tuple[DataNote, ...] = ()
    delimiter: str = ""
    encoding: str = ""


def stamp(path: str) -> Stamp:
    """What changes when the file does: absolute path, inode, time of change in ns, size in bytes.

    Raises:
        InputError: There is no such file, or it is a folder or a device.
    """
    if not path.strip():
        raise InputError("dataset.path", "must name a file", fix="Choose a CSV, Parquet or JSON file.")
    try:
        place = Path(path).expanduser().absolute()
        status = place.stat()
    except FileNotFoundError:
        raise InputError("dataset.path", "there is no such file", found=Path(path)) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError("dataset.path", f"cannot be read ({_reason(error)})", found=Path(path)) from None
    if stat.S_ISDIR(status.st_mode):
        raise InputError("dataset.path", "must be a file, it is a folder", found=Path(path), fix="Choose a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise InputError("dataset.path", "must be an ordinary file", found=Path(path))
    return str(place), status.st_ino, status.st_mtime_ns, status.st_size


def read_file(path: str, delimiter: str | None, encoding: str | None, *, least: int = 2) -> RawTable:
    """The table in a file, of at least so many columns; what it is follows from its content, not from its name.

    Raises:
        InputError: It cannot be read or is no table; the error says which and where.
    """
    try:
        data = Path(path).expanduser().read_bytes()
    except OSError as error:
        raise InputError("dataset.path", f"cannot be read ({_reason(error)})", found=Path(path)) from None
    return read_bytes(data, Path(path).name, delimiter, encoding, least=least)


def read_bytes(
    data: bytes, name: str, delimiter: str | None = None, encoding: str | None = None, *, least: int = 2
) -> RawTable:
    """The table in the content of a file called ``name``, of at least so many columns.

    Raises:
        InputError: It is no table.
    """
    if not data or data.isspace():
        raise InputError("dataset.path", "the file is empty", found=name)
    if data.startswith(b"PAR1") or name.lower().endswith((".parquet", ".pq")):
        return RawTable(_parquet(data, name, least), "Parquet", _digest(data))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        rule = "must be CSV, Parquet, JSON or JSON lines; this is a workbook or archive"
        raise InputError("dataset.path", rule, found=name, fix="Save it as CSV (UTF-8).")
    text, encoding = decode(data, encoding)
    if (rows := json_rows(text, name)) is not None:
        frame, form = rows
        frame.columns = pd.Index(_names([str(column) for column in frame.columns]))
        _check_shape(frame, ", ".join(frame.columns), least)
        encoding = encoding.removesuffix("-sig")
        return RawTable(frame, f"{form}, {encoding}", _digest(data), encoding=encoding)
    hint = _SEPARATOR_HINT.match(text)
    text = text[hint.end() :] if hint else text
    delimiter = _stated(delimiter) if delimiter else hint[1] if hint else _sniffed(text, least)
    frame, notes = _cells(text, delimiter, 2 if hint else 1, least)
    form = f"{DELIMITERS.get(delimiter, repr(delimiter))}-separated text, {encoding.removesuffix('-sig')}"
    return RawTable(frame, form, _digest(data), notes, delimiter, encoding.removesuffix("-sig"))


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _parquet(data: bytes, name: str, least: int) -> pd.DataFrame:
    import pyarrow.parquet as pq
    from pyarrow.lib import ArrowException

    try:
        table = pq.read_table(io.BytesIO(data))  # type: ignore[no-untyped-call]  # pyarrow has no types
        names = _names([str(column) for column in table.column_names])
        frame: pd.DataFrame = table.rename_columns(names).to_pandas(ignore_metadata=True)
    except (ArrowException, OSError, NotImplementedError) as error:
        reason = str(error).splitlines()[0].rstrip(".").removeprefix("Could not open Parquet input source '<Buffer>': ")
        raise InputError("dataset.path", f"is not a whole Parquet file ({reason})", found=name) from None
    _check_shape(frame, ", ".join(names), least)
    return frame


def _check_shape(frame: pd.DataFrame, found: str, least: int) -> None:
    if len(frame.columns) < least:
        raise InputError("dataset.path", "has only one column", found=found, fix=_TOO_NARROW)
    if frame.empty:
        raise InputError("dataset.path", "has column names and no rows", found=found)


def _stated(delimiter: str) -> str:
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter.lower(), delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        rule = "must be one character, such as , or ; or | or \\t"
        raise InputError("dataset.delimiter", rule, found=repr(delimiter))
    return delimiter


def _sniffed(text: str, least: int) -> str:
    """The delimiter by which most of the first lines have as many cells as the header; the widest of equals."""
    head = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        head = head[: head.rfind("\n") + 1] or head
    scores = {delimiter: _fit(head, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best][0] == 0 and least > 1:
        first = next((line for line in head.splitlines() if line.strip()), "")
        fix = "Cells are separated by , ; | or tab; state another as the delimiter. " + _TOO_NARROW
        raise InputError("dataset.path", "has only one column", found=first, fix=fix)
    return best


def _fit(head: str, delimiter: str) -> tuple[float, int]:
    """The share of rows as wide as the header, and the header's width."""
    widths = []
    try:
        for cells in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True):
            if cells:
                widths.append(len(cells))
            if len(widths) > _SAMPLE_ROWS:
                break
    except csv.Error:
        return 0.0, 0
    if not widths or widths[0] < 2:
        return 0.0, 0
    return sum(width == widths[0] for width in widths) / len(widths), widths[0]


def _cells(text: str, delimiter: str, first_line: int, least: int) -> tuple[pd.DataFrame, tuple[DataNote, ...]]:
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=object, na_filter=False, skipinitialspace=True
        )
    except pd.errors.EmptyDataError:
        raise InputError("dataset.path", "the file is empty") from None
    except (pd.errors.ParserError, ValueError, csv.Error) as error:
        rule = _ragged(str(error), first_line)
        raise InputError("dataset.path", rule, fix=_ragged_fix(delimiter)) from None
    header = [str(cell) for cell in frame.iloc[0]]
    frame = frame.iloc[1:].reset_index(drop=True)
    short = _short_rows(text, frame, delimiter, first_line)
    while len(header) > 2 and not header[-1].strip() and frame.iloc[:, -1].isin(("", None)).all():
        frame, header = frame.iloc[:, :-1], header[:-1]  # lines that end in a delimiter
        short = ()
    frame.columns = pd.Index(_names(header))
    _check_shape(frame, ", ".join(frame.columns), least)
    return frame, (*_header_notes(header), *short)


def _short_rows(text: str, frame: pd.DataFrame, delimiter: str, first_line: int) -> tuple[DataNote, ...]:
    """How many rows have fewer cells than the header, which the reader fills up, and where the first of them is."""
    rows, width = frame.shape
    counted = '"' not in text and text.count(delimiter) == (rows + 1) * (width - 1)
    if counted or not frame.iloc[:, -1].isin(("", None)).any():
        return ()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    lines = [reader.line_num + first_line - 1 for cells in reader if 0 < len(cells) < width]
    if not lines:
        return ()
    have = "1 row has" if len(lines) == 1 else f"{len(lines)} rows have"
    what = f"{have} fewer cells than the header has names; the rest count as empty. The first is in line {lines[0]}."
    return (DataNote(place="file", what=what, count=len(lines), fix="Complete these lines, or remove them."),)


def _ragged(message: str, first_line: int) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if found:
        expected, line, saw = map(int, found.groups())
        return f"line {line + first_line - 1} has {saw} cells, the header has {expected}"
    if "EOF inside string" in message:
        return "a quotation mark is opened and never closed"
    return "is not a table: " + message.strip().rstrip(".")


def _ragged_fix(delimiter: str) -> str:
    name = DELIMITERS.get(delimiter, repr(delimiter))
    return f"It was read as separated by {name}; put cells that contain one in quotation marks."


def _names(header: list[str]) -> list[str]:
    """Column names: in composed form (NFC), trimmed, on one line, each its own; an empty one is ``column 3``."""
    names = [column_name(name).strip() for name in header]
    names = [name or f"column {i + 1}" for i, name in enumerate(names)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        found = ", ".join(f"{name!r} {names.count(name)} times" for name in repeated[:5])
        raise InputError(
            "dataset.path", "each column needs a name of its own", found=found, fix="Rename them in the file."
        )
    return names


def _header_notes(header: list[str]) -> tuple[DataNote, ...]:
    if all(re.fullmatch(r"\s*[-+]?\d*\.?\d+([eE][-+]?\d+)?\s*", cell) for cell in header):
        what = "The first line holds only numbers. It is taken as the column names."
        return (DataNote(place="file", what=what, fix="Put a line of names before it."),)
    return ()

"""Read the beginning of a large table, and rows from all over it, to show it before it is read whole."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from mtl_core.spec import InputError
from mtl_core.tabular.readers.formats import RECOGNITION_ORDER
from mtl_core.tabular.readers.table_file import read_table_content
from mtl_core.tabular.readers.table_format import FileContent, RawTable

MIN_BYTES = 1 << 24
"""Smaller texts are read whole at once."""
_HEAD = 1 << 20
_PLACES, _CHUNK = 16, 1 << 15
"""Rows are taken from so many places behind the head, and of each so many bytes."""
_JSON_DOCUMENT = re.compile(rb"\s*\[|\s*\{\s*(?:\"[^\"]*\"\s*:\s*[\[{]|\n)")
"""The beginning of one value over many lines, of which no part can be read alone."""


@dataclass(frozen=True, eq=False)
class TableSample:
    """Some rows of a table, the first ones first.

    Attributes:
        table: The rows.
        total_rows: About how many rows the whole table has.
    """

    table: RawTable
    total_rows: int


def read_sample(path: Path, options: FileContent) -> TableSample | None:
    """Read some rows of a large table; None of one that is read at once, and where the rows are no table.

    Args:
        path: The file.
        options: What the spec states about it, with any content.
    """
    if options.stated_format:
        return None
    try:
        excerpts = (table_format.excerpt(path) for table_format in RECOGNITION_ORDER)
        if excerpt := next(filter(None, excerpts), None):
            table = read_table_content(replace(options, data=excerpt.data))
            return TableSample(replace(table, digest="", notes=()), round(len(table.frame) / excerpt.share))
        size = path.stat().st_size
        if size < MIN_BYTES:
            return None
        with path.open("rb") as file:
            head, rest = _sample_lines(file, size)
        if not head:
            return None
        table = read_table_content(replace(options, data=head + rest))
    except (OSError, InputError):  # to read the whole file tells what is wrong with it
        return None
    rows, lines = len(table.frame), (head + rest).count(b"\n")
    density = rest.count(b"\n") / len(rest) if rest else lines / len(head)
    total_lines = head.count(b"\n") + (size - len(head)) * density
    return TableSample(replace(table, digest="", notes=()), max(rows, round(total_lines * rows / max(lines, 1))))


def _sample_lines(file: BinaryIO, size: int) -> tuple[bytes, bytes]:
    """Whole lines from the beginning and from all over the rest; none where no lines can be told apart."""
    head = file.read(_HEAD)
    if b"\0" in head:
        return _utf16_lines(head), b""
    if _JSON_DOCUMENT.match(head):
        return b"", b""
    if b'"' in head and not head.lstrip().startswith(b"{"):  # a line may end within a cell
        return _lines_outside_cells(head), b""
    parts = []
    for place in range(1, _PLACES + 1):
        file.seek(_HEAD + (size - _HEAD - _CHUNK) * place // _PLACES)
        chunk = file.read(_CHUNK)
        parts.append(chunk[chunk.find(b"\n") + 1 : chunk.rfind(b"\n") + 1])
    return head[: head.rfind(b"\n") + 1], b"".join(parts)


def _lines_outside_cells(head: bytes) -> bytes:
    """The lines before the last line end that no quotation marks enclose."""
    end = head.rfind(b"\n")
    if head.count(b'"', 0, max(end, 0)) % 2:
        end = head.rfind(b"\n", 0, head.rfind(b'"', 0, end))
    return head[: end + 1]


def _utf16_lines(head: bytes) -> bytes:
    """The whole lines of a text in UTF-16."""
    line_end = b"\0\n" if head.startswith((b"\xfe\xff", b"\0")) else b"\n\0"
    ends = [match.end() for match in re.finditer(line_end, head) if match.end() % 2 == 0]
    return head[: ends[-1]] if ends else b""

"""Check the archive of a workbook before its reader runs: how large its sheets become, and which formulas failed.

The reader allocates the whole rectangle of a sheet, from its first cell to its last, and ends the process where that
does not fit into memory. A file of a kilobyte can demand it, by a cell in the last row and column or by parts that
inflate.

Files in xls are no archives: :mod:`mtl_core.tabular.readers.xls_records` checks those.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree import ElementTree

from mtl_core.spec import InputError

MAX_BYTES = 1 << 30
"""Most bytes of all parts of a workbook, inflated."""
MAX_CELLS = 30_000_000
"""Most cells of the rectangle around the cells of a sheet."""
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.spreadsheet"
_ENCRYPTED = b"manifest:encryption-data"
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, ElementTree.ParseError),
    *(EOFError, LookupError, NotImplementedError, OSError, ValueError),
)
_FIX = "Save the sheet as CSV (UTF-8) or Parquet."
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

_XML_TAG = re.compile(rb"<(?:\w+:)?(c|row)(?=[\s>/])((?:[^>\"']+|\"[^\"]*\"|'[^']*')*)>")
"""The start of a cell or a row."""
_XML_POSITION = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]*)(\d+)")
_XML_UNUSUAL = (re.compile(rb"<c(?!\s+r\s*=|[A-Za-z])"), re.compile(rb":c[\s>]"))
"""Cells that do not begin with their position, and those of a namespace with a prefix."""
_XML_ERROR = re.compile(rb"<c\s[^>]*\bt=\"e\"[^>]*>(?:<f\b[^>]*/>|<f\b[^>]*>[^<]*</f>)?<v>([^<]*)</v>")
_TABLE_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_REPEATED = re.compile(rb"table:number-(?:rows|columns)-repeated\s*=\s*[\"'](\d+)")
_TABLE_ERROR = re.compile(rb"calcext:value-type=\"error\"[^>]*>\s*<text:p>([^<]*)")
_BINARY_ROW, _BINARY_CELLS = 0, range(2, 12)
"""The records of a row, and of cells that are not blank."""


class LockedWorkbookError(Exception):
    """A part of the workbook needs a password."""


@dataclass
class ArchiveSummary:
    """How many cells of each sheet have which error.

    Attributes:
        errors: By the name of the sheet, or by its index.
    """

    errors: dict[str | int, Counter[str]] = field(default_factory=dict)

    def errors_of(self, name: str, index: int) -> Counter[str]:
        """The errors of one sheet."""
        return self.errors.get(name) or self.errors.get(index) or Counter()


def summarize_archive(data: bytes, name: str) -> ArchiveSummary | None:
    """Check a zip archive and count its errors; None of one that holds no workbook.

    Raises:
        InputError: It is damaged, or larger than can be read.
        LockedWorkbookError: It needs a password.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _summarize(archive, name)
    except InputError:
        raise
    except _DAMAGE as error:
        raise InputError("dataset.path", f"is not a whole workbook ({_reason(error)})", found=name) from None
    except RuntimeError as error:  # zipfile raises it where a part needs a password
        raise LockedWorkbookError from error


def _summarize(archive: zipfile.ZipFile, name: str) -> ArchiveSummary | None:
    parts = {part.filename.lower(): part for part in archive.infolist()}
    kind = next((kind for kind in ("xl/workbook.xml", "xl/workbook.bin") if kind in parts), "")
    if not kind and ("mimetype" not in parts or not _is_open_document(archive, parts["mimetype"])):
        return None
    if (size := sum(part.file_size for part in archive.infolist())) > MAX_BYTES:
        raise too_large_error(name, f"inflates to {size / 2**30:.1f} GiB, and at most {MAX_BYTES >> 30} GiB are read")
    if not kind and (manifest := parts.get("meta-inf/manifest.xml")) and _ENCRYPTED in archive.read(manifest):
        raise LockedWorkbookError
    summary = ArchiveSummary()
    errors: dict[str, Counter[str]] = {}
    for part in archive.infolist():
        key, content = part.filename.lower(), archive.read(part)  # read to its end, which checks size and checksum
        if b"\0" in content and key.endswith(".xml"):
            raise InputError("dataset.path", "is not a whole workbook (a part is not in utf-8)", found=name)
        if kind == "xl/workbook.xml":
            if not _is_surely_small(content):
                check_rectangle(_xml_positions(content), name)
            errors[key] = _count_errors(_XML_ERROR, content) if b't="e"' in content else Counter()
        elif kind and "worksheets/" in key and key.endswith(".bin"):
            check_rectangle(_binary_positions(content), name)
        elif not kind and key == "content.xml":
            for index, table in enumerate(re.split(rb"(?=<table:table[\s>])", content)[1:]):
                check_rectangle(_table_positions(table), name)
                summary.errors[index] = _count_errors(_TABLE_ERROR, table)
    if kind == "xl/workbook.xml" and any(errors.values()):
        sheet_parts = _sheet_parts(archive, parts)
        summary.errors |= {sheet: errors.get(part, Counter()) for sheet, part in sheet_parts.items()}
    return summary


def _is_open_document(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as content:
        return content.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT


def check_rectangle(positions: Iterator[tuple[int, int]], name: str) -> int:
    """Refuse a sheet whose cells span too large a rectangle, and count the cells of the rectangle.

    Args:
        positions: Rows and columns of cells, from 1.
        name: The name of the file, for the message.

    Raises:
        InputError: There are more than :data:`MAX_CELLS`.
    """
    top = bottom = left = right = 0
    for row, column in positions:
        top, bottom = min(top or row, row), max(bottom, row)
        left, right = min(left or column, column), max(right, column)
    rows, columns = bottom - top + 1, right - left + 1
    if rows * columns > MAX_CELLS:
        raise too_large_error(name, f"has a sheet of {rows} rows and {columns} columns, more than {MAX_CELLS} cells")
    return rows * columns


def too_large_error(name: str, what: str) -> InputError:
    """The error that a workbook is larger than can be read.

    Args:
        name: The name of the file.
        what: How it is too large, a verb and its object.
    """
    return InputError("dataset.path", f"the workbook {what}", found=name, fix=_FIX)


def _is_surely_small(content: bytes) -> bool:
    """Whether even the longest column letters and row digits make no large sheet; much faster than all positions."""
    if any(pattern.search(content) for pattern in _XML_UNUSUAL):
        return False
    letters = next((n for n in (1, 2) if not re.search(rb"r\s*=\s*[\"'][A-Za-z]{%d}" % (n + 1), content)), 3)
    digits = next((n for n in range(3, 7) if not re.search(rb"r\s*=\s*[\"'][A-Za-z]*\d{%d}" % (n + 1), content)), 7)
    return _column_number(b"Z" * letters) * int(10**digits) <= MAX_CELLS


def _xml_positions(content: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns of the cells that are not empty; one without a position follows the one before."""
    row = column = 0
    for tag in _XML_TAG.finditer(content):
        kind, attributes = tag.groups()
        match = _XML_POSITION.search(attributes)
        if kind == b"row":
            row, column = int(match[2]) if match else row + 1, 0
            continue
        row, column = (int(match[2]), _column_number(match[1])) if match else (row, column + 1)
        if not attributes.endswith(b"/"):
            yield row, column


@lru_cache(1 << 15)
def _column_number(letters: bytes) -> int:
    """The number of a column from its letters, 1 for A."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _binary_positions(content: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns of the cells in a sheet of records: a kind and a size as varints, then the content."""
    offset, row = 0, 0
    while offset < len(content):
        kind, offset = _varint(content, offset)
        size, offset = _varint(content, offset)
        number = int.from_bytes(content[offset : offset + 4], "little") + 1
        if kind == _BINARY_ROW:
            row = number
        elif kind in _BINARY_CELLS:
            yield row, number
        offset += size


def _varint(content: bytes, offset: int) -> tuple[int, int]:
    """The number at an offset, seven bits to a byte and at most four bytes, and the offset behind it."""
    number = 0
    for shift, byte in enumerate(content[offset : offset + 4]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, offset + shift + 1
    return number, offset + 4


def _table_positions(content: bytes) -> Iterator[tuple[int, int]]:
    """Rows and columns of the first and the last cell of each row of a table, whose rows and cells may repeat."""
    row = column = row_repeats = 0
    for match in _TABLE_TAG.finditer(content):
        tag, attributes = match.groups()
        repeats = int(count[1]) if (count := _REPEATED.search(attributes)) else 1
        if tag == b"table-row":
            row, column, row_repeats = row + row_repeats, 0, repeats
        elif tag != b"table":
            column += repeats
            if b"office:value-type" in attributes or not attributes.endswith(b"/"):
                yield row + 1, column - repeats + 1
                yield row + row_repeats, column


def _count_errors(pattern: re.Pattern[bytes], content: bytes) -> Counter[str]:
    """Count the errors that a pattern finds, by their text."""
    return Counter(error.decode("utf-8", "replace").strip() for error in pattern.findall(content))


def _sheet_parts(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> dict[str, str]:
    """The name of the part that holds each sheet, by the sheet's name."""
    relations = ElementTree.fromstring(archive.read(parts["xl/_rels/workbook.xml.rels"]))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    sheets = ElementTree.fromstring(archive.read(parts["xl/workbook.xml"])).iter(f"{_MAIN}sheet")
    parts_of_sheets = {sheet.get("name", ""): targets.get(sheet.get(_ID), "") for sheet in sheets}
    return {name: f"xl/{part.removeprefix('/xl/')}".lower() for name, part in parts_of_sheets.items()}


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".").lower() if str(error) else type(error).__name__

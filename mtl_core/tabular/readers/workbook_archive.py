"""What the archive of a workbook says before its reader runs: how large its sheets become, and where formulas failed.

The reader makes a sheet's whole rectangle, from its first cell to its last, and ends the process where that does not
fit into memory. A file of a kilobyte can ask for it, by a cell in the last row and column or by parts that inflate.

Files in xls are no archives: :mod:`mtl_core.tabular.readers.xls_records` looks through those.
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
"""Of all parts of a workbook, inflated."""
MAX_CELLS = 30_000_000
"""Of the rectangle around a sheet's cells."""
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
_XML_PLACE = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]*)(\d+)")
_XML_UNUSUAL = (re.compile(rb"<c(?!\s+r\s*=|[A-Za-z])"), re.compile(rb":c[\s>]"))
"""Cells that do not begin with their place, and those of a namespace with a prefix."""
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
    """How many cells of each sheet have which error; a sheet is known by its name, or by its place."""

    errors: dict[str | int, Counter[str]] = field(default_factory=dict)

    def errors_of(self, name: str, index: int) -> Counter[str]:
        """Those of one sheet."""
        return self.errors.get(name) or self.errors.get(index) or Counter()


def summarize_archive(data: bytes, name: str) -> ArchiveSummary | None:
    """Look through a zip archive; None of one that holds no workbook.

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
    except RuntimeError as error:  # of zipfile: a part needs a password
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
        key, content = part.filename.lower(), archive.read(part)  # to its end, so that size and checksum are checked
        if b"\0" in content and key.endswith(".xml"):
            raise InputError("dataset.path", "is not a whole workbook (a part is not in utf-8)", found=name)
        if kind == "xl/workbook.xml":
            if not _is_surely_small(content):
                check_rectangle(_xml_places(content), name)
            errors[key] = _count(_XML_ERROR, content) if b't="e"' in content else Counter()
        elif kind and "worksheets/" in key and key.endswith(".bin"):
            check_rectangle(_binary_places(content), name)
        elif not kind and key == "content.xml":
            for index, table in enumerate(re.split(rb"(?=<table:table[\s>])", content)[1:]):
                check_rectangle(_table_places(table), name)
                summary.errors[index] = _count(_TABLE_ERROR, table)
    if kind == "xl/workbook.xml" and any(errors.values()):
        places = _sheet_parts(archive, parts)
        summary.errors |= {sheet: errors.get(place, Counter()) for sheet, place in places.items()}
    return summary


def _is_open_document(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    with archive.open(part) as content:
        return content.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT


def check_rectangle(places: Iterator[tuple[int, int]], name: str) -> int:
    """Refuse a sheet whose cells span too large a rectangle, and count the cells of the rectangle.

    Args:
        places: Rows and columns of cells, from 1.
        name: The name of the file, for the message.

    Raises:
        InputError: There are more than :data:`MAX_CELLS`.
    """
    top = bottom = left = right = 0
    for row, column in places:
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
    """Whether the longest letters and digits of all places tell, much faster than the places themselves do."""
    if any(pattern.search(content) for pattern in _XML_UNUSUAL):
        return False
    letters = next((n for n in (1, 2) if not re.search(rb"r\s*=\s*[\"'][A-Za-z]{%d}" % (n + 1), content)), 3)
    digits = next((n for n in range(3, 7) if not re.search(rb"r\s*=\s*[\"'][A-Za-z]*\d{%d}" % (n + 1), content)), 7)
    return _column_number(b"Z" * letters) * int(10**digits) <= MAX_CELLS


def _xml_places(content: bytes) -> Iterator[tuple[int, int]]:
    """Of cells that are not empty; one that does not say its place stands behind the one before."""
    row = column = 0
    for tag in _XML_TAG.finditer(content):
        kind, attributes = tag.groups()
        place = _XML_PLACE.search(attributes)
        if kind == b"row":
            row, column = int(place[2]) if place else row + 1, 0
            continue
        row, column = (int(place[2]), _column_number(place[1])) if place else (row, column + 1)
        if not attributes.endswith(b"/"):
            yield row, column


@lru_cache(1 << 15)
def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _binary_places(content: bytes) -> Iterator[tuple[int, int]]:
    """Of records: a kind and a size, seven bits to a byte, then the content."""
    place, row = 0, 0
    while place < len(content):
        kind, place = _record_number(content, place)
        size, place = _record_number(content, place)
        number = int.from_bytes(content[place : place + 4], "little") + 1
        if kind == _BINARY_ROW:
            row = number
        elif kind in _BINARY_CELLS:
            yield row, number
        place += size


def _record_number(content: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift, byte in enumerate(content[place : place + 4]):
        number |= (byte & 0x7F) << 7 * shift
        if byte < 0x80:
            return number, place + shift + 1
    return number, place + 4


def _table_places(content: bytes) -> Iterator[tuple[int, int]]:
    """The first and the last cell of each row that has one; a row or a cell can stand for several alike."""
    row = column = times = 0
    for opened in _TABLE_TAG.finditer(content):
        tag, attributes = opened.groups()
        repeated = int(alike[1]) if (alike := _REPEATED.search(attributes)) else 1
        if tag == b"table-row":
            row, column, times = row + times, 0, repeated
        elif tag != b"table":
            column += repeated
            if b"office:value-type" in attributes or not attributes.endswith(b"/"):
                yield row + 1, column - repeated + 1
                yield row + times, column


def _count(pattern: re.Pattern[bytes], content: bytes) -> Counter[str]:
    return Counter(error.decode("utf-8", "replace").strip() for error in pattern.findall(content))


def _sheet_parts(archive: zipfile.ZipFile, parts: Mapping[str, zipfile.ZipInfo]) -> dict[str, str]:
    """The part in which each sheet stands, by the sheet's name."""
    relations = ElementTree.fromstring(archive.read(parts["xl/_rels/workbook.xml.rels"]))
    targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
    sheets = ElementTree.fromstring(archive.read(parts["xl/workbook.xml"])).iter(f"{_MAIN}sheet")
    places = {sheet.get("name", ""): targets.get(sheet.get(_ID), "") for sheet in sheets}
    return {name: f"xl/{place.removeprefix('/xl/')}".lower() for name, place in places.items()}


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".").lower() if str(error) else type(error).__name__

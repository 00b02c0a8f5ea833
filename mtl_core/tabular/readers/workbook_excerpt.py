"""The first rows of a large workbook as a small one: every sheet is cut behind them, all else stays."""

import io
import re
import zipfile
import zlib
from pathlib import Path

from mtl_core.tabular.readers.table_format import Excerpt
from mtl_core.tabular.readers.workbook_archive import MAX_BYTES

_MIN_BYTES = 1 << 21
"""Smaller workbooks are read at once; a sheet inflates to about ten times its size."""
_HEAD = 1 << 20
_SHEET = re.compile(r"(?i)xl/worksheets/[^/]+\.xml")
_ROW_END = re.compile(rb"</((?:\w+:)?)row\s*>")


def workbook_excerpt(path: Path) -> Excerpt | None:
    """Cut the sheets of an xlsx file; None of a small file, and of other kinds of workbooks, which cannot be cut.

    Raises:
        OSError: The file cannot be read.
    """
    if path.stat().st_size < _MIN_BYTES or not zipfile.is_zipfile(path):
        return None
    content, share = io.BytesIO(), 1.0
    try:
        with zipfile.ZipFile(path) as archive, zipfile.ZipFile(content, "w") as small:
            if sum(part.file_size for part in archive.infolist() if not _SHEET.fullmatch(part.filename)) > MAX_BYTES:
                return None
            for part in archive.infolist():
                if part.file_size <= _HEAD or not _SHEET.fullmatch(part.filename):
                    small.writestr(part.filename, archive.read(part))
                    continue
                with archive.open(part) as sheet:
                    head = _whole_rows(sheet.read(_HEAD))
                if not head:
                    return None
                small.writestr(part.filename, head)
                share = min(share, len(head) / part.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return None  # to read the whole file tells what is wrong with it
    return Excerpt(content.getvalue(), share) if share < 1 else None


def _whole_rows(head: bytes) -> bytes:
    """The beginning of a sheet up to its last whole row, closed; nothing where it has none."""
    ends = list(_ROW_END.finditer(head))
    if not ends:
        return b""
    prefix = ends[-1][1]
    return head[: ends[-1].end()] + b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"

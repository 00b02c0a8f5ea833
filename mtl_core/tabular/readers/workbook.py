"""Workbooks of Excel and OpenDocument: the first sheet with cells, as typed columns.

Formulas are read by the value that they had when the file was saved; one that failed counts as missing. Of merged cells
the first has the value, as in the file. A column of one type keeps it; one of several is text, as a CSV file has it.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.readers.delimited_text import header_notes
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat
from mtl_core.tabular.readers.workbook_archive import ArchiveSummary, LockedWorkbookError, summarize_archive
from mtl_core.tabular.readers.xls_records import check_xls

if TYPE_CHECKING:
    import pandas as pd
    from python_calamine import CalamineSheet, CalamineWorkbook

_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_LOCKED = "the workbook is encrypted with a password"
_LOCKED_FIX = "Save it without one, or save the sheet as CSV (UTF-8)."
_DAMAGED_FIX = "Open it in a spreadsheet program, and save it again as xlsx or as CSV (UTF-8)."
_NO_CELLS = "no sheet of the workbook has cells"
_SHOWN_ERRORS = 4
_Row = list[Any]


def _read(file: FileContent) -> RawTable | None:
    if not file.data.startswith((_ZIP, _COMPOUND)):
        return None
    try:
        summary = _summary(file)
        return None if summary is None else _opened(file, summary)
    except LockedWorkbookError:
        raise InputError("dataset.path", _LOCKED, found=file.name, fix=_LOCKED_FIX) from None


def _summary(file: FileContent) -> ArchiveSummary | None:
    if file.data.startswith(_ZIP):
        return summarize_archive(file.data, file.name)
    if _ENCRYPTED_STREAM in file.data:
        raise LockedWorkbookError
    check_xls(file.data, file.name)
    return ArchiveSummary()


def _opened(file: FileContent, summary: ArchiveSummary) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        sheet, index = _first_sheet(book, file.name)
        rows = [row for row in sheet.to_python() if any(cell != "" for cell in row)]
        merged = _merged(sheet)
    except PasswordError:
        raise LockedWorkbookError from None
    except InputError:
        raise
    except BaseException as error:  # a panic of its Rust is a BaseException of no module that could be named
        if not isinstance(error, (CalamineError, OSError, ValueError)) and type(error).__name__ != "PanicException":
            raise
        reason = shorten(str(error).rstrip("."), 80)
        rule = f"is not a whole workbook ({reason})"
        raise InputError("dataset.path", rule, found=file.name, fix=_DAMAGED_FIX) from None
    if not rows:
        raise InputError("dataset.path", _NO_CELLS, found=file.name)
    frame, header = _table(rows)
    errors = summary.errors_of(sheet.name, index)
    notes = (*_sheet_notes(book, sheet.name), *header_notes(header), *_error_notes(errors), *_merge_notes(merged))
    return RawTable(frame, f"sheet {shorten(sheet.name, 40)!r} of a workbook", notes=notes)


def _first_sheet(book: "CalamineWorkbook", name: str) -> tuple["CalamineSheet", int]:
    """The first sheet with cells, and its place; a hidden one only where no other has any."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    kinds = list(enumerate(book.sheets_metadata))
    sheets = [(index, kind) for index, kind in kinds if kind.typ == SheetTypeEnum.WorkSheet]
    for index, _ in sorted(sheets, key=lambda one: one[1].visible != SheetVisibleEnum.Visible):
        if (sheet := book.get_sheet_by_index(index)).height:
            return sheet, index
    raise InputError("dataset.path", _NO_CELLS, found=name)


def _merged(sheet: "CalamineSheet") -> int:
    """How many areas below the header's row are merged."""
    header = sheet.start[0] if sheet.start else 0
    return sum(last[0] > header for _, last in sheet.merged_cell_ranges or ())


def _table(rows: Sequence[_Row]) -> tuple["pd.DataFrame", list[str]]:
    """The cells below the first row, which has the names; without the empty columns that have none."""
    import pandas as pd

    header = [_text(cell) or "" for cell in rows[0]]
    columns = [(name, [row[i] for row in rows[1:]]) for i, name in enumerate(header)]
    columns = [(name, cells) for name, cells in columns if name.strip() or any(cell != "" for cell in cells)]
    frame = pd.DataFrame({place: _column(cells) for place, (_, cells) in enumerate(columns)})
    frame.columns = pd.Index([name for name, _ in columns])
    return frame, [name for name, _ in columns]


def _column(cells: _Row) -> "pd.Series[Any]":
    """Cells of one type as that, of several as text; an empty one is missing."""
    import pandas as pd

    kinds = {type(cell) for cell in cells if cell != ""}
    for types, converted in _CONVERSIONS:
        if kinds and kinds <= types:
            dtype, convert = converted
            return pd.Series([None if cell == "" else convert(cell) for cell in cells], dtype=dtype)
    return pd.Series([_text(cell) for cell in cells], dtype=object)


def _moment(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


def _duration(cell: time | timedelta) -> timedelta:
    if isinstance(cell, timedelta):
        return cell
    return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)


_CONVERSIONS: tuple[tuple[set[type], tuple[str, Callable[[Any], Any]]], ...] = (
    ({bool}, ("object", bool)),
    ({int, float}, ("float64", float)),
    ({date, datetime}, ("datetime64[us]", _moment)),
    ({time, timedelta}, ("timedelta64[us]", _duration)),
)


def _text(cell: Any) -> str | None:
    """A cell as a CSV file would have it."""
    from mtl_core.tabular.column import label

    match cell:
        case "":
            return None
        case bool() | str():
            return str(cell)
        case int() | float():
            return label(cell)
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
    return str(cell)


def _sheet_notes(book: "CalamineWorkbook", name: str) -> Iterator[DataNote]:
    if (count := len(book.sheet_names)) > 1:
        what = f"The workbook has {count} sheets; the first with cells is read, {shorten(name, 40)!r}."
        yield DataNote(place="file", what=what, count=count, fix="To read another, make it the first in the workbook.")


def _error_notes(errors: Counter[str]) -> Iterator[DataNote]:
    if count := errors.total():
        shown = ", ".join(f"{shorten(text, 20)} in {cells}" for text, cells in errors.most_common(_SHOWN_ERRORS))
        have = "1 cell with an error counts" if count == 1 else f"{count} cells with an error count"
        fix = "Correct their formulas in the workbook."
        yield DataNote(place="file", what=f"{have} as missing ({shown}).", count=count, fix=fix)


def _merge_notes(areas: int) -> Iterator[DataNote]:
    if areas:
        have = "1 area of merged cells has" if areas == 1 else f"{areas} areas of merged cells have"
        what = f"{have} a value in the first cell only; the others count as empty."
        yield DataNote(place="file", what=what, count=areas, fix="Unmerge them, and fill the cells, in the workbook.")


FORMAT = TableFormat(
    "Excel",
    _SUFFIXES,
    "typed",
    _read,
    "the first sheet with cells, also of OpenDocument; formulas by the value they had when the file was saved",
)

"""Read a sheet of a workbook, of Excel or OpenDocument, as typed columns: the first that holds a table, or a named one.

Formulas are read by the value that they had when the file was saved; one that failed counts as missing. Of merged cells
only the first has the value, as in the file. A column with cells of one type keeps it; one of several types is text, as
in a CSV file.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.readers.header_row import number_columns
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat
from mtl_core.tabular.readers.text_layout import MAX_TITLE_LINES, MIN_TABLE_ROWS, MOST_ROWS
from mtl_core.tabular.readers.workbook_archive import ArchiveSummary, LockedWorkbookError, summarize_archive
from mtl_core.tabular.readers.workbook_excerpt import workbook_excerpt
from mtl_core.tabular.readers.xls_records import check_xls

if TYPE_CHECKING:
    import pandas as pd
    from python_calamine import CalamineWorkbook

_SUFFIXES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
SIGNATURES = (_ZIP, _COMPOUND)
"""The first bytes of a workbook: those of a zip archive or of a compound file."""
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_LOCKED = "the workbook is encrypted with a password"
_LOCKED_FIX = "Save it without one, or save the sheet as CSV (UTF-8)."
_DAMAGED_FIX = "Open it in a spreadsheet program, and save it again as xlsx or as CSV (UTF-8)."
_NO_CELLS = "no sheet of the workbook has cells"
_MAX_EXAMPLES = 4
_Row = list[Any]


def _read(file: FileContent) -> RawTable | None:
    if not file.data.startswith(SIGNATURES):
        return None
    try:
        summary = _summarize(file)
        return None if summary is None else _read_workbook(file, summary)
    except LockedWorkbookError:
        raise InputError("dataset.path", _LOCKED, found=file.name, fix=_LOCKED_FIX) from None


def _summarize(file: FileContent) -> ArchiveSummary | None:
    """Check the file before its reader runs; None of an archive that is no workbook."""
    if file.data.startswith(_ZIP):
        return summarize_archive(file.data, file.name)
    if _ENCRYPTED_STREAM in file.data:
        raise LockedWorkbookError
    check_xls(file.data, file.name)
    return ArchiveSummary()


def _read_workbook(file: FileContent, summary: ArchiveSummary) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(file.data))
        cells = _first_table(book, file) if file.sheet is None else _named_sheet(book, file.sheet)
    except PasswordError:
        raise LockedWorkbookError from None
    except InputError:
        raise
    except BaseException as error:  # a panic in Rust is a BaseException whose class cannot be imported
        if not isinstance(error, (CalamineError, OSError, ValueError)) and type(error).__name__ != "PanicException":
            raise
        reason = shorten(str(error).rstrip("."), 80)
        rule = f"is not a whole workbook ({reason})"
        raise InputError("dataset.path", rule, found=file.name, fix=_DAMAGED_FIX) from None
    rows = cells.rows
    names, header_notes = number_columns([_text(cell) or "" for cell in rows[0]], file.header)
    frame = _table([names, *rows] if names else rows)
    sheets = tuple(_sheet_names(book))
    sheet_notes = _sheet_notes(cells.sheet, len(sheets)) if file.sheet is None else ()
    errors = _error_notes(summary.errors_of(cells.sheet, cells.index))
    notes = (*sheet_notes, *cells.title_notes, *header_notes, *errors, *_merge_notes(cells.merged_areas))
    description = f"sheet {shorten(cells.sheet, 40)!r} of a workbook"
    return RawTable(frame, description, notes=notes, sheets=sheets, sheet=cells.sheet)


@dataclass(frozen=True)
class _SheetCells:
    """The rows of a sheet that are not empty, from the names of the columns on.

    Attributes:
        sheet: The name of the sheet.
        index: Its place in the workbook.
        rows: The rows, not empty.
        title_notes: The note that rows above are left out.
        merged_areas: The number of merged areas below the names.
    """

    sheet: str
    index: int
    rows: list[_Row]
    title_notes: tuple[DataNote, ...]
    merged_areas: int

    @property
    def is_table(self) -> bool:
        """Whether there are names of two columns or more, and a row below."""
        return len(self.rows) > 1 and _count_cells(self.rows[0]) > 1


def _first_table(book: "CalamineWorkbook", file: FileContent) -> _SheetCells:
    """The first sheet that holds a table, else the first with cells; a hidden one only where no other has any."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [(i, data) for i, data in enumerate(book.sheets_metadata) if data.typ == SheetTypeEnum.WorkSheet]
    visible = [i for i, data in sheets if data.visible == SheetVisibleEnum.Visible]
    for indices in (visible, [i for i, _ in sheets if i not in visible]):
        read = (_read_cells(book, index) for index in indices)
        with_cells = (cells for cells in read if cells is not None)
        first = next(with_cells, None)
        if first is not None:
            return next((cells for cells in (first, *with_cells) if cells.is_table), first)
    raise InputError("dataset.path", _NO_CELLS, found=file.name)


def _named_sheet(book: "CalamineWorkbook", name: str) -> _SheetCells:
    names = list(_sheet_names(book))
    if name not in names:
        fix = f"The sheets are {shorten(', '.join(map(repr, names)), 150)}."
        raise InputError("dataset.sheet", "the workbook has no such sheet", found=repr(name), fix=fix)
    if (cells := _read_cells(book, book.sheet_names.index(name))) is None:
        raise InputError("dataset.sheet", "the sheet has no cells", found=repr(name))
    return cells


def _sheet_names(book: "CalamineWorkbook") -> Iterator[str]:
    """The names of the sheets that can hold cells, in their order."""
    from python_calamine import SheetTypeEnum

    return (data.name for data in book.sheets_metadata if data.typ == SheetTypeEnum.WorkSheet)


def _read_cells(book: "CalamineWorkbook", index: int) -> _SheetCells | None:
    """The cells of a sheet below its title; None of one without cells."""
    sheet = book.get_sheet_by_index(index)
    first = sheet.start[0] if sheet.start else 0
    rows = [(first + i, row) for i, row in enumerate(sheet.to_python()) if _count_cells(row)]
    if not rows:
        return None
    titles = _count_title_rows([row for _, row in rows])
    header = rows[titles][0]
    merged = sum(last[0] > header for _, last in sheet.merged_cell_ranges or ())
    notes = _title_notes([row for _, row in rows[:titles]], header + 1)
    return _SheetCells(sheet.name, index, [row for _, row in rows[titles:]], notes, merged)


def _count_cells(row: _Row) -> int:
    return sum(cell != "" for cell in row)


def _count_title_rows(rows: Sequence[_Row]) -> int:
    """The number of rows above the table, such as a title and remarks: rows of a single cell before rows of several."""
    start = next((i for i, row in enumerate(rows) if _count_cells(row) > 1), 0)
    table = rows[start:]
    wide = sum(_count_cells(row) > 1 for row in table)
    is_title = start <= MAX_TITLE_LINES and len(table) >= MIN_TABLE_ROWS and wide >= MOST_ROWS * len(table)
    return start if is_title else 0


def _title_notes(rows: Sequence[_Row], header: int) -> tuple[DataNote, ...]:
    """The note that rows above the table are left out; ``header`` is the number of the row of names."""
    if not rows:
        return ()
    first = shorten(next(_text(cell) or "" for cell in rows[0] if cell != ""), 40)
    have = "1 row above the table is" if len(rows) == 1 else f"{len(rows)} rows above the table are"
    what = f"{have} left out ({first!r}); the column names are in row {header}."
    return (DataNote(place="file", what=what, count=len(rows)),)


def _table(rows: Sequence[_Row]) -> "pd.DataFrame":
    """The data frame, from rows of which the first is the header; empty unnamed columns are dropped."""
    import pandas as pd

    header = [_text(cell) or "" for cell in rows[0]]
    columns = [(name, [row[i] for row in rows[1:]]) for i, name in enumerate(header)]
    columns = [(name, cells) for name, cells in columns if name.strip() or any(cell != "" for cell in cells)]
    frame = pd.DataFrame({i: _column(cells) for i, (_, cells) in enumerate(columns)})
    frame.columns = pd.Index([name for name, _ in columns])
    return frame


def _column(cells: _Row) -> "pd.Series[Any]":
    """Cells of one type as that type, of several types as text; empty cells are missing."""
    import pandas as pd

    cell_types = {type(cell) for cell in cells if cell != ""}
    for types, dtype, convert in _CONVERSIONS:
        if cell_types and cell_types <= types:
            return pd.Series([None if cell == "" else convert(cell) for cell in cells], dtype=dtype)
    return pd.Series([_text(cell) for cell in cells], dtype=object)


def _datetime(cell: date) -> datetime:
    return cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)


def _duration(cell: time | timedelta) -> timedelta:
    if isinstance(cell, timedelta):
        return cell
    return timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond)


_CONVERSIONS: tuple[tuple[set[type], str, Callable[[Any], Any]], ...] = (
    ({bool}, "object", bool),
    ({int, float}, "float64", float),
    ({date, datetime}, "datetime64[us]", _datetime),
    ({time, timedelta}, "timedelta64[us]", _duration),
)
"""Types of cells, the dtype of a column of them, and the conversion of a cell."""


def _text(cell: Any) -> str | None:
    """A cell as text, as in a CSV file; None where it is empty."""
    from mtl_core.tabular.column import format_number

    match cell:
        case "":
            return None
        case bool() | str():
            return str(cell)
        case int() | float():
            return format_number(cell)
        case datetime():
            return cell.isoformat(" ")
        case date() | time():
            return cell.isoformat()
    return str(cell)


def _sheet_notes(name: str, count: int) -> Iterator[DataNote]:
    if count > 1:
        what = f"The workbook has {count} sheets; the first with a table is read, {shorten(name, 40)!r}."
        yield DataNote(place="file", what=what, count=count, fix="To read another, choose it (dataset.sheet).")


def _error_notes(errors: Counter[str]) -> Iterator[DataNote]:
    if count := errors.total():
        examples = ", ".join(f"{shorten(text, 20)} in {cells}" for text, cells in errors.most_common(_MAX_EXAMPLES))
        have = "1 cell with an error counts" if count == 1 else f"{count} cells with an error count"
        fix = "Correct their formulas in the workbook."
        yield DataNote(place="file", what=f"{have} as missing ({examples}).", count=count, fix=fix)


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
    "the first sheet with a table or the one you choose, also of OpenDocument; formulas by the value they had when the "
    "file was saved",
    excerpt=workbook_excerpt,
)

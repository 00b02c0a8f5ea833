"""Read delimited text: CSV, TSV and the like."""

import csv
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from mtl_core.spec import DataNote, InputError, shorten
from mtl_core.tabular.readers.header_row import number_columns
from mtl_core.tabular.readers.long_rows import empty_long_rows, empty_unclosed_rows
from mtl_core.tabular.readers.plain_text import read_plain_text
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat, UnreadableRow
from mtl_core.tabular.readers.text_layout import DELIMITERS, find_layout

if TYPE_CHECKING:
    import pandas as pd

_SEPARATOR_HINT = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*(?:\r\n|\n|\r)')
"""A first line that tells spreadsheets the delimiter."""
_MAX_COLUMNS = 100_000
_MIN_PLAIN_BYTES = 1 << 20
"""Arrow is faster from so many bytes on; in a small file with many columns its tables cost more than they save."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)")


def _read(file: FileContent) -> RawTable:
    text = file.text
    hint = _SEPARATOR_HINT.match(text)
    text = text[hint.end() :] if hint else text
    stated = _parse_delimiter(file.delimiter) if file.delimiter else ""
    layout = find_layout(text, stated or (hint[1] if hint else ""), file.min_columns)
    text, title_notes = _without_title(text, layout.title_lines)
    first_line = (2 if hint else 1) + layout.title_lines
    _check_width(text, layout.delimiter)
    content = file.utf8 if text is file.text else text.encode("utf-8", "replace")
    unreadable: tuple[UnreadableRow, ...] = ()
    try:
        cells, notes = _read_cells(text, content, layout.delimiter, first_line)
    except InputError:
        text, unreadable = _empty_unreadable_rows(text, layout.delimiter, first_line)
        if not (file.allows_unreadable and unreadable):
            raise
        cells, notes = _read_cells(text, text.encode("utf-8", "replace"), layout.delimiter, first_line)
    frame, header_notes = _with_header(cells, file.header)
    offset = len(frame) - len(cells)  # 1 where the first row of the file holds no names
    unreadable = tuple(replace(row, row=row.row + offset) for row in unreadable)
    description = f"{DELIMITERS.get(layout.delimiter, repr(layout.delimiter))}-separated text, {file.encoding}"
    notes = (*title_notes, *header_notes, *notes)
    return RawTable(frame, description, "", notes, layout.delimiter, file.encoding, unreadable=unreadable)


def _empty_unreadable_rows(text: str, delimiter: str, first_line: int) -> tuple[str, tuple[UnreadableRow, ...]]:
    """The text with empty cells in the rows that no parser can tell apart, and these rows."""
    text, unclosed = empty_unclosed_rows(text, delimiter, first_line)
    text, long_rows = empty_long_rows(text, delimiter, first_line)
    unreadable = {row.row: row for row in (*long_rows, *unclosed)}
    return text, tuple(unreadable[row] for row in sorted(unreadable))


def _parse_delimiter(delimiter: str) -> str:
    """The character that a stated delimiter means; a tab may be written as a word or an escape."""
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter.lower(), delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        rule = "must be one character, such as , or ; or | or \\t"
        raise InputError("dataset.delimiter", rule, found=repr(delimiter))
    return delimiter


def _without_title(text: str, lines: int) -> tuple[str, tuple[DataNote, ...]]:
    """The text below some lines above the table, and the note that they are left out."""
    end = 0
    for _ in range(lines):
        line = _LINE.match(text, end)
        end = line.end() if line else len(text)
    if not lines:
        return text, ()
    first = shorten(text[:end], 40)
    have = "1 line above the table is" if lines == 1 else f"{lines} lines above the table are"
    what = f"{have} left out ({first!r}); the column names are in line {lines + 1}."
    return text[end:], (DataNote(place="file", what=what, count=lines),)


def _check_width(text: str, delimiter: str) -> None:
    """Refuse a header of more columns than could be shown or learned from."""
    columns = text.count(delimiter, 0, max(text.find("\n"), 0) or len(text)) + 1
    if columns > _MAX_COLUMNS:
        rule = f"has {columns} columns, and at most {_MAX_COLUMNS} are read"
        fix = "Put each example into a row; for arrays of numbers there are data sets of kind arrays."
        raise InputError("dataset.path", rule, found=f"the first line: {shorten(text[:200], 40)}", fix=fix)


def _read_cells(
    text: str, content: bytes, delimiter: str, first_line: int
) -> tuple["pd.DataFrame", tuple[DataNote, ...]]:
    """The cells below the header as text, and notes.

    Args:
        text: The table.
        content: The same in UTF-8.
        delimiter: What separates cells.
        first_line: The number of the header's line in the file, for messages.
    """
    import pandas as pd

    notes: tuple[DataNote, ...] = ()
    frame = read_plain_text(content, delimiter) if len(content) >= _MIN_PLAIN_BYTES else None
    if frame is None:
        cells = _parse_cells(text, delimiter, first_line)
        header = [str(cell) for cell in cells.iloc[0]]
        frame = cells.iloc[1:].reset_index(drop=True)
        notes = _short_row_notes(text, frame, delimiter, first_line)
        frame.columns = pd.Index(header)
    header = list(frame.columns)
    while len(header) > 2 and not header[-1].strip() and frame.iloc[:, -1].isin(("", None)).all():
        frame, header = frame.iloc[:, :-1], header[:-1]  # lines that end in a delimiter
        notes = ()
    return frame, notes


def _parse_cells(text: str, delimiter: str, first_line: int) -> "pd.DataFrame":
    """All cells as text, the header's too; arguments as of :func:`_read_cells`."""
    import pandas as pd

    try:
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=object, na_filter=False, skipinitialspace=True
        )
    except pd.errors.EmptyDataError:
        raise InputError("dataset.path", "the file is empty") from None
    except (pd.errors.ParserError, ValueError, csv.Error) as error:
        rule = _parser_rule(str(error), first_line)
        raise InputError("dataset.path", rule, fix=_parser_fix(delimiter)) from None


def _short_row_notes(text: str, frame: "pd.DataFrame", delimiter: str, first_line: int) -> tuple[DataNote, ...]:
    """The note that rows have fewer cells than the header; the reader fills them up."""
    rows, width = frame.shape
    is_full = '"' not in text and text.count(delimiter) == (rows + 1) * (width - 1)
    if is_full or not frame.iloc[:, -1].isin(("", None)).any():
        return ()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    lines = [reader.line_num + first_line - 1 for cells in reader if 0 < len(cells) < width]
    if not lines:
        return ()
    have = "1 row has" if len(lines) == 1 else f"{len(lines)} rows have"
    what = f"{have} fewer cells than the header has names; the rest count as empty. The first is in line {lines[0]}."
    return (DataNote(place="file", what=what, count=len(lines), fix="Complete these lines, or remove them."),)


def _parser_rule(message: str, first_line: int) -> str:
    """What an error message of the parser says is wrong with the text."""
    match = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", message)
    if match:
        expected, line, cells = map(int, match.groups())
        return f"line {line + first_line - 1} has {cells} cells, the header has {expected}"
    if "EOF inside string" in message:
        return "a quotation mark is opened and never closed"
    return "is not a table: " + message.strip().rstrip(".")


def _parser_fix(delimiter: str) -> str:
    name = DELIMITERS.get(delimiter, repr(delimiter))
    return f"It was read as separated by {name}; put cells that contain one in quotation marks."


def _with_header(frame: "pd.DataFrame", header: bool | None) -> tuple["pd.DataFrame", tuple[DataNote, ...]]:
    """Take the first row of a file as the names of the columns, as they are, or as a row; also a note."""
    import pandas as pd

    first = [str(cell) for cell in frame.columns]
    names, notes = number_columns(first, header)
    if names:
        frame.columns = pd.Index(names)
        row = pd.DataFrame([first], columns=frame.columns).astype(frame.dtypes.to_dict())
        frame = pd.concat([row, frame], ignore_index=True)
    return frame, notes


FORMAT = TableFormat("CSV", (".csv", ".tsv", ".txt"), "text", _read)

"""Read delimited text: CSV, TSV and the like."""

import csv
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mtl_core.spec import DataNote, InputError
from mtl_core.tabular.readers.table_format import TOO_NARROW, FileContent, RawTable, TableFormat

if TYPE_CHECKING:
    import pandas as pd

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 100
_SEPARATOR_HINT = re.compile(r'"?sep=([^"\r\n])"?[,;\t|]*(?:\r\n|\n|\r)')
"""A first line that tells spreadsheets the delimiter."""


def _read(file: FileContent) -> RawTable:
    text = file.text
    hint = _SEPARATOR_HINT.match(text)
    text = text[hint.end() :] if hint else text
    stated = _parse_delimiter(file.delimiter) if file.delimiter else ""
    delimiter = stated or (hint[1] if hint else _sniff_delimiter(text, file.min_columns))
    frame, notes = _read_cells(text, delimiter, 2 if hint else 1)
    description = f"{DELIMITERS.get(delimiter, repr(delimiter))}-separated text, {file.encoding}"
    return RawTable(frame, description, notes=notes, delimiter=delimiter, encoding=file.encoding)


def _parse_delimiter(delimiter: str) -> str:
    """The character that a stated delimiter means; a tab may be written as a word or an escape."""
    delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter.lower(), delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        rule = "must be one character, such as , or ; or | or \\t"
        raise InputError("dataset.delimiter", rule, found=repr(delimiter))
    return delimiter


def _sniff_delimiter(text: str, min_columns: int) -> str:
    """The delimiter with which most of the first rows have as many cells as the header; of equals the widest."""
    head = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        head = head[: head.rfind("\n") + 1] or head
    scores = {delimiter: _score(head, delimiter) for delimiter in DELIMITERS}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    if scores[best][0] == 0 and min_columns > 1:
        first = next((line for line in head.splitlines() if line.strip()), "")
        fix = "Cells are separated by , ; | or tab; state another as the delimiter. " + TOO_NARROW
        raise InputError("dataset.path", "has only one column", found=first, fix=fix)
    return best


def _score(head: str, delimiter: str) -> tuple[float, int]:
    """The share of rows with as many cells as the header, and how many those are."""
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


def _read_cells(text: str, delimiter: str, first_line: int) -> tuple["pd.DataFrame", tuple[DataNote, ...]]:
    """The cells below the header as text, and notes.

    Args:
        text: The table.
        delimiter: What separates cells.
        first_line: The number of the header's line in the file, for messages.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, dtype=object, na_filter=False, skipinitialspace=True
        )
    except pd.errors.EmptyDataError:
        raise InputError("dataset.path", "the file is empty") from None
    except (pd.errors.ParserError, ValueError, csv.Error) as error:
        rule = _parser_rule(str(error), first_line)
        raise InputError("dataset.path", rule, fix=_parser_fix(delimiter)) from None
    header = [str(cell) for cell in frame.iloc[0]]
    frame = frame.iloc[1:].reset_index(drop=True)
    short_row_notes = _short_row_notes(text, frame, delimiter, first_line)
    while len(header) > 2 and not header[-1].strip() and frame.iloc[:, -1].isin(("", None)).all():
        frame, header = frame.iloc[:, :-1], header[:-1]  # lines that end in a delimiter
        short_row_notes = ()
    frame.columns = pd.Index(header)
    return frame, (*header_notes(header), *short_row_notes)


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


def header_notes(header: Sequence[str]) -> tuple[DataNote, ...]:
    """The note that the column names are all numbers, and so may be the first row of the data."""
    if all(re.fullmatch(r"\s*[-+]?\d*\.?\d+([eE][-+]?\d+)?\s*", cell) for cell in header):
        what = "The first line holds only numbers. It is taken as the column names."
        return (DataNote(place="file", what=what, fix="Put a line of names before it."),)
    return ()


FORMAT = TableFormat("CSV", (".csv", ".tsv", ".txt"), "text", _read)

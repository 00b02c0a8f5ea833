"""Text with a row in each line and a delimiter between cells: CSV, TSV and the like."""

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
"""The first line with which spreadsheets are told the delimiter."""


def _read(file: FileContent) -> RawTable:
    text = file.text
    hint = _SEPARATOR_HINT.match(text)
    text = text[hint.end() :] if hint else text
    stated = _stated(file.delimiter) if file.delimiter else ""
    delimiter = stated or (hint[1] if hint else _sniffed(text, file.min_columns))
    frame, notes = _cells(text, delimiter, 2 if hint else 1)
    form = f"{DELIMITERS.get(delimiter, repr(delimiter))}-separated text, {file.encoding}"
    return RawTable(frame, form, notes=notes, delimiter=delimiter, encoding=file.encoding)


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
        fix = "Cells are separated by , ; | or tab; state another as the delimiter. " + TOO_NARROW
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


def _cells(text: str, delimiter: str, first_line: int) -> tuple["pd.DataFrame", tuple[DataNote, ...]]:
    import pandas as pd

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
    frame.columns = pd.Index(header)
    return frame, (*header_notes(header), *short)


def _short_rows(text: str, frame: "pd.DataFrame", delimiter: str, first_line: int) -> tuple[DataNote, ...]:
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


def header_notes(header: Sequence[str]) -> tuple[DataNote, ...]:
    """That the first row is taken as names though it may be data, where all of it are numbers."""
    if all(re.fullmatch(r"\s*[-+]?\d*\.?\d+([eE][-+]?\d+)?\s*", cell) for cell in header):
        what = "The first line holds only numbers. It is taken as the column names."
        return (DataNote(place="file", what=what, fix="Put a line of names before it."),)
    return ()


FORMAT = TableFormat("CSV", (".csv", ".tsv", ".txt"), "text", _read)

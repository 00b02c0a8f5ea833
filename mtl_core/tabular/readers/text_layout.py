"""Find by looking at the first rows of a text what separates its cells, and in which line its table begins."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_format import TOO_NARROW

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 16
_SAMPLE_ROWS = 100
MAX_TITLE_LINES, MIN_TABLE_ROWS, MOST_ROWS = 30, 3, 0.95
"""Lines of a title are at most so many, and of the rows below, at least so many, such a share is as wide as a table."""


@dataclass(frozen=True)
class TextLayout:
    """The layout of a text.

    Attributes:
        delimiter: What separates cells.
        title_lines: The number of lines above the table, such as a title and remarks.
    """

    delimiter: str
    title_lines: int = 0


@dataclass(frozen=True)
class _Row:
    """A row of the sample: the number of lines before it, and of its cells."""

    lines_before: int
    width: int


def find_layout(text: str, delimiter: str, min_columns: int) -> TextLayout:
    """Find the layout of a text.

    The delimiter is that with which most of the first rows have as many cells as the header; of equals the widest.
    Where the first line is a single cell with each of them, it may be a title above the table.

    Args:
        text: The text.
        delimiter: What separates cells if it is stated, else empty.
        min_columns: Least number of columns of a table.

    Raises:
        InputError: With no delimiter there are so many columns.
    """
    head = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        head = head[: head.rfind("\n") + 1] or head
    rows = {mark: _rows(head, mark) for mark in ([delimiter] if delimiter else DELIMITERS)}
    scores = {mark: _score(rows[mark]) for mark in rows}
    best = max(scores, key=lambda mark: scores[mark])
    if scores[best][0] > 0 or min_columns < 2:
        return TextLayout(best)
    tables = {mark: start for mark in rows if (start := _table_start(rows[mark])) is not None}
    if tables:
        best = max(tables, key=lambda mark: tables[mark].width)
        return TextLayout(best, tables[best].lines_before)
    if delimiter:
        return TextLayout(delimiter)
    first = next((line for line in head.splitlines() if line.strip()), "")
    fix = "Cells are separated by , ; | or tab; state another as the delimiter. " + TOO_NARROW
    raise InputError("dataset.path", "has only one column", found=first, fix=fix)


def _rows(head: str, delimiter: str) -> list[_Row]:
    """The first rows that are not empty; none where the text cannot be read so."""
    try:
        return list(_iterate_rows(head, delimiter))
    except csv.Error:
        return []


def _iterate_rows(head: str, delimiter: str) -> Iterator[_Row]:
    reader = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter, skipinitialspace=True)
    lines_before = count = 0
    for cells in reader:
        if cells:
            yield _Row(lines_before, len(cells))
            count += 1
        if count > _SAMPLE_ROWS:
            return
        lines_before = reader.line_num


def _score(rows: list[_Row]) -> tuple[float, int]:
    """The share of rows with as many cells as the header, and how many those are."""
    if not rows or rows[0].width < 2:
        return 0.0, 0
    return sum(row.width == rows[0].width for row in rows) / len(rows), rows[0].width


def _table_start(rows: list[_Row]) -> _Row | None:
    """The first row of a table below lines of a single cell; None where no table follows."""
    start = next((i for i, row in enumerate(rows) if row.width > 1), 0)
    table = rows[start:]
    same = sum(row.width == table[0].width for row in table) if table else 0
    if not start or start > MAX_TITLE_LINES or len(table) < MIN_TABLE_ROWS or same < MOST_ROWS * len(table):
        return None
    return table[0]

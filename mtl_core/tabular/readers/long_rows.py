"""Rows of a delimited text that no parser can tell apart: with more cells than the header, or an unclosed quotation."""

import csv
import io
from collections.abc import Sequence
from itertools import chain

from mtl_core.tabular.readers.table_format import UnreadableRow

_MOST_UNCLOSED = 20


def empty_long_rows(text: str, delimiter: str, first_line: int) -> tuple[str, tuple[UnreadableRow, ...]]:
    """Replace the rows that have more cells than the header by rows of empty cells.

    Args:
        text: The table, with its header in the first line.
        delimiter: What separates cells.
        first_line: The number of the header's line in the file, for the reasons.

    Returns:
        The text, and the rows that were replaced; none where it cannot be split into rows.
    """
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(iter(lines), delimiter=delimiter, skipinitialspace=True)
    unreadable: list[UnreadableRow] = []
    width = start = row = 0
    try:
        for cells in reader:
            if not width:
                width = len(cells)
            elif cells:
                row += 1
                if len(cells) > width:
                    end = lines[reader.line_num - 1][len(lines[reader.line_num - 1].rstrip("\r\n")) :]
                    lines[start : reader.line_num] = ['""' + delimiter * (width - 1) + end] + [""] * (
                        reader.line_num - start - 1
                    )
                    rule = f"line {first_line + start} has {len(cells)} cells, the header has {width}"
                    unreadable.append(UnreadableRow(row, rule))
            start = reader.line_num
    except csv.Error:
        return text, ()
    return "".join(lines), tuple(unreadable)


def empty_unclosed_rows(text: str, delimiter: str, first_line: int) -> tuple[str, tuple[UnreadableRow, ...]]:
    """Replace the lines in which a quotation mark is opened that nothing closes by rows of empty cells.

    Args:
        text: The table, with its header in the first line.
        delimiter: What separates cells.
        first_line: The number of the header's line in the file, for the reasons.

    Returns:
        The text, and the rows that were replaced; none where every quotation mark is closed, or it is the header's.
    """
    lines = list(io.StringIO(text, newline=""))
    unreadable: list[UnreadableRow] = []
    while (place := _find_unclosed(lines, delimiter)) is not None and len(unreadable) < _MOST_UNCLOSED:
        start, row, width = place
        line = lines[start]
        lines[start] = '""' + delimiter * (width - 1) + line[len(line.rstrip("\r\n")) :]
        rule = f"line {first_line + start} opens a quotation mark that is never closed"
        unreadable.append(UnreadableRow(row, rule))
    return "".join(lines), tuple(unreadable)


def _find_unclosed(lines: Sequence[str], delimiter: str) -> tuple[int, int, int] | None:
    """The index of the line that opens a quotation without an end, its row from 1, and the width of the header."""
    # An open quotation would swallow a line behind the last one, or exceed the limit of a cell.
    behind = ["\n", "behind\n"]
    reader = csv.reader(chain(lines, behind), delimiter=delimiter, skipinitialspace=True)
    width = start = row = 0
    try:
        for cells in reader:
            if reader.line_num == len(lines) + len(behind):
                break
            width = width or len(cells)
            row += bool(cells)
            start = reader.line_num
    except csv.Error as error:
        if "field limit" not in str(error):
            return None
    return (start, row, width) if row and start < len(lines) else None

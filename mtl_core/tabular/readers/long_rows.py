"""Rows of a delimited text with more cells than the header, which no parser can tell apart."""

import csv
import io

from mtl_core.tabular.readers.table_format import UnreadableRow


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

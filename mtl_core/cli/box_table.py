"""Box tables for a terminal that look like rich's, which needs seconds for thousands of rows."""

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size

_UNICODE = ("┏━┳┓", "┃┃┃", "┡━╇┩", "│││", "└─┴┘")
_ASCII = ("+-++", "|||", "+-++", "|||", "+-++")
_NARROWEST = 8


def format_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, shrink: str, width: int | None) -> str:
    """Format a table with borders.

    Args:
        columns: Titles of the columns.
        rows: For each row a text per column, on one line.
        shrink: The column whose texts are truncated if the table is too wide.
        width: Available width in cells; None for unlimited.
    """
    table = [list(columns), *map(list, rows)]
    widths = [max(map(cell_len, cells)) for cells in zip(*table, strict=True)]
    i = columns.index(shrink)
    if width is not None:
        room = width - sum(widths) + widths[i] - 3 * len(widths) - 1
        widths[i] = min(widths[i], max(room, _NARROWEST))
    top, head, line, body, bottom = _UNICODE if _is_unicode() else _ASCII
    header, *lines = (_row(cells, widths) for cells in table)
    return "\n".join(
        [
            _rule(top, widths),
            f"{head[0]} {f' {head[1]} '.join(header)} {head[2]}",
            _rule(line, widths),
            *(f"{body[0]} {f' {body[1]} '.join(cells)} {body[2]}" for cells in lines),
            _rule(bottom, widths),
        ]
    )


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        text.ljust(width) if text.isascii() and len(text) <= width else _fit(text, width)
        for text, width in zip(cells, widths, strict=True)
    ]


def _fit(text: str, width: int) -> str:
    """Pad or truncate a text to a width in cells; East Asian characters take two."""
    return set_cell_size(text, width) if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"


def _rule(characters: str, widths: Sequence[int]) -> str:
    left, line, cross, right = list(characters)
    return left + cross.join(line * (width + 2) for width in widths) + right


def _is_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")

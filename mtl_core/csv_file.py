"""The CSV writer, whose files are safe to open in a spreadsheet.

UTF-8, cells separated by commas, lines that end in LF, numbers with a decimal point. Where a text cell begins with
``=``, ``+``, ``-``, ``@``, a tab or a carriage return, a spreadsheet would take it for a formula; an apostrophe before
it keeps it a text (OWASP, "CSV Injection"). Numbers, also those given as text, are not escaped.
"""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from mtl_core.files import atomic_write

_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?(?:inf|nan)")


def write_csv(path: str | Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Writes a table atomically; returns its number of rows.

    Raises:
        InputError: ``path`` is a folder, a device or no file name.
        EnvironmentFault: The file cannot be written.
    """
    with atomic_write(path) as new, new.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file:
        return _write(file, header, rows)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Returns a table as the text of a CSV file."""
    file = io.StringIO(newline="")
    _write(file, header, rows)
    return file.getvalue()


def _write(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(map(escape_cell, header))
    for row in rows:
        writer.writerow(map(escape_cell, row))
        count += 1
    return count


def format_numbers(cells: Sequence[Any]) -> list[Any]:
    """Formats numbers with ten digits, more than the precision of a model."""
    return [format(cell, ".10g") if isinstance(cell, float) else cell for cell in cells]


def escape_cell(value: Any) -> Any:
    """Escapes a cell: text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return "'" + value
    return value

"""The ``query`` verb: a SELECT on the tables of a store."""

import base64
import shutil
import sys
from argparse import Namespace
from typing import Any

import numpy as np

from mtl_core.cli import output
from mtl_core.cli.box_table import format_table
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.store import query_store
from mtl_core.text import format_size, to_printable

_ARRAYS = {"steps": "<i8", "numbers": "<f8"}
"""Element types of the columns of the store that hold arrays."""
_SHOWN_NUMBERS = 3


def query(arguments: Namespace) -> int:
    """Print the rows that a SELECT answers, as a table or as one JSON object."""
    result = query_store(arguments.store, arguments.sql)
    if arguments.json:
        rows = [[_plain(value) for value in row] for row in result.rows]
        output.print_json({"columns": list(result.columns), "rows": rows})
        return SUCCESS
    cells = [[_cell(name, value) for name, value in zip(result.columns, row, strict=True)] for row in result.rows]
    columns = [to_printable(name) for name in result.columns]
    widest = max(range(len(columns)), key=lambda i: max((len(row[i]) for row in cells), default=0))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    print(format_table(columns, cells, shrink=columns[widest], width=width))
    output.print_out(f"{len(cells)} row{'' if len(cells) == 1 else 's'}")
    return SUCCESS


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; bytes as base64, values of other kinds as text."""
    match value:
        case bytes() | memoryview():
            return {"bytes": len(value), "base64": base64.b64encode(value).decode("ascii")}
        case None | bool() | int() | float() | str():
            return value
    return str(value)


def _cell(column: str, value: Any) -> str:
    """Return a value as a text on one line; an array by its first numbers, NULL as nothing."""
    match value:
        case None:
            return ""
        case bytes() | memoryview():
            return _describe_bytes(column, bytes(value))
        case float():
            return f"{value:.6g}" if abs(value) < 1e6 else repr(value)
    return to_printable(str(value))


def _describe_bytes(column: str, value: bytes) -> str:
    if column not in _ARRAYS or len(value) % 8:
        return format_size(len(value))
    array = np.frombuffer(value, _ARRAYS[column])
    numbers = ", ".join(f"{number:.4g}" for number in array[:_SHOWN_NUMBERS])
    return f"{len(array)}: {numbers}" + (", …" if len(array) > _SHOWN_NUMBERS else "")

"""JSON lines to cells: a row per line, as texts and their labels often come."""

import json
import re
from typing import Any

import pandas as pd

from mtl_core.spec import InputError, shorten

_FIX = 'Each line holds one row, such as {"text": "…", "kind": "…"}.'


def is_json_lines(text: str) -> bool:
    """Whether the first line that is not empty holds a JSON object."""
    found = re.search(r"\S[^\n]*", text)  # without cutting a whole file into lines
    first = found[0].strip() if found else ""
    if not (first.startswith("{") and first.endswith("}")):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def rows_of(text: str) -> pd.DataFrame:
    """The rows as cells of text, as a CSV file gives them; a list is its entries apart by spaces.

    Raises:
        InputError: A line is no JSON object; the error names it.
    """
    rows = [_row(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({_whole(name): [_cell(row.get(name)) for row in rows] for name in names}, dtype=object)


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InputError("dataset.path", f"line {number} is no JSON object", found=shorten(line, 80), fix=_FIX)
    return row


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return _whole(value)
        case list():
            return " ".join(map(_cell, value))
    return _whole(json.dumps(value, ensure_ascii=False))


def _whole(text: str) -> str:
    """Halves of characters, which escapes can make, would break whoever encodes the text."""
    return text.encode("utf-8", "replace").decode("utf-8")

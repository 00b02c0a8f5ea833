"""JSON objects to cells of text, and how a file with one in each line is told from one JSON value."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def is_json_lines(text: str) -> bool:
    """Whether the first line that is not empty holds a JSON object."""
    found = re.search(r"\S[^\n]*", text)  # without cutting a whole file into lines
    first = found[0].strip() if found else ""
    if not (first.startswith("{") and first.endswith("}")):
        return False
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    whole = found is not None and not text[found.end() :].strip()  # one line: a row, unless it holds a list of rows
    return isinstance(row, dict) and not (whole and any(isinstance(value, list) for value in row.values()))


def object_cells(rows: Sequence[dict[str, Any]]) -> "pd.DataFrame":
    """The rows as cells of text, as a CSV file gives them; a list in a cell is its entries apart by spaces."""
    import pandas as pd

    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame({_whole(name): [_cell(row.get(name)) for row in rows] for name in names}, dtype=object)


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

"""Convert JSON objects to cells of text, and tell JSON lines from a single JSON value."""

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def is_json_lines(text: str) -> bool:
    """Whether the first line that is not empty is a JSON object."""
    match = re.search(r"\S[^\n]*", text)  # without splitting a whole file into lines
    first = match[0].strip() if match else ""
    if not (first.startswith("{") and first.endswith("}")):
        return False
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    is_only_line = match is not None and not text[match.end() :].strip()
    holds_rows = isinstance(row, dict) and any(isinstance(value, list) for value in row.values())
    return isinstance(row, dict) and not (is_only_line and holds_rows)


def object_cells(rows: Sequence[dict[str, Any]]) -> "pd.DataFrame":
    """Convert rows to cells of text, as in a CSV file; the entries of a list are joined by spaces."""
    import pandas as pd

    names = dict.fromkeys(name for row in rows for name in row)
    return pd.DataFrame(
        {_replace_surrogates(name): [_cell(row.get(name)) for row in rows] for name in names}, dtype=object
    )


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return _replace_surrogates(value)
        case list():
            return " ".join(map(_cell, value))
    return _replace_surrogates(json.dumps(value, ensure_ascii=False))


def _replace_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which escapes can make and which cannot be encoded."""
    return text.encode("utf-8", "replace").decode("utf-8")

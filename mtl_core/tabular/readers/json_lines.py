"""JSON to cells: a row per line, as texts and their labels often come, or one list of rows."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from mtl_core.spec import InputError, shorten

_LIST_FIX = 'It can be read as [{"x": 1, "y": 2}, …], as {"x": [1, …], "y": [2, …]}, or with a row in each line.'
_FIX = 'Each line holds one row, such as {"text": "…", "kind": "…"}.'


def json_rows(text: str, name: str) -> tuple[pd.DataFrame, str] | None:
    """The rows as cells of text, as a CSV file gives them, and what they stand in; None of text that is no JSON.

    A list in a cell is its entries apart by spaces. Beside JSON lines one list of rows is read, and one mapping of
    columns.

    Args:
        text: The file's content.
        name: Its name; one that ends in ``.json`` must hold JSON.

    Raises:
        InputError: A line or an entry is no JSON object; the error names it.
    """
    if _is_json_lines(text):
        rows = [_row(line, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        return _frame(rows), "JSON lines"
    named = name.lower().endswith(".json")
    if not named and not re.match(r"\s*(?:\[\s*\{|\{)", text):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        if named:
            raise InputError("dataset.path", f"is not whole JSON ({shorten(error, 80)})", found=name) from None
        return None
    return _document(data, name), "JSON"


def _document(data: Any, name: str) -> pd.DataFrame:
    """The rows of a file that holds one JSON value."""
    if isinstance(data, dict):
        lists = {key: value for key, value in data.items() if isinstance(value, list)}
        if len(lists) == len(data) > 1 and len(set(map(len, lists.values()))) == 1:
            return _frame([dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)])
        if len(lists) == 1 and len(data) >= 1:  # {"data": [rows]}, as many services answer
            data = next(iter(lists.values()))
    if not isinstance(data, list):
        raise InputError("dataset.path", "must hold a list of rows", found=f"{_kind(data)} in {name}", fix=_LIST_FIX)
    for number, row in enumerate(data, 1):
        if not isinstance(row, dict):
            found = f"{_kind(row)} as entry {number} of {name}"
            raise InputError("dataset.path", "each row must be a JSON object", found=found, fix=_LIST_FIX)
    return _frame(data)


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _is_json_lines(text: str) -> bool:
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


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
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

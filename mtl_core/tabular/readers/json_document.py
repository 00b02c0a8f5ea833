"""Read a JSON file with one value: a list of rows, or a mapping of columns."""

import json
import re
from typing import Any

from mtl_core.spec import InputError, shorten
from mtl_core.tabular.readers.json_cells import is_json_lines, object_cells
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat

_SUFFIXES = (".json",)
_FIX = 'It can be read as [{"x": 1, "y": 2}, …], as {"x": [1, …], "y": [2, …]}, or with a row in each line.'


def _read(file: FileContent) -> RawTable | None:
    is_named_json = file.has_suffix(_SUFFIXES)
    if is_json_lines(file.text) or not (is_named_json or re.match(r"\s*(?:\[\s*\{|\{)", file.text)):
        return None
    try:
        data = json.loads(file.text)
    except (ValueError, RecursionError) as error:
        if is_named_json:
            raise InputError("dataset.path", f"is not whole JSON ({shorten(error, 80)})", found=file.name) from None
        return None
    return RawTable(object_cells(_rows(data, file.name)), f"JSON, {file.encoding}", encoding=file.encoding)


def _rows(data: Any, name: str) -> list[dict[str, Any]]:
    """The rows in the value of a file; ``name`` is for messages."""
    if isinstance(data, dict):
        lists = {key: value for key, value in data.items() if isinstance(value, list)}
        if len(lists) == len(data) > 1 and len(set(map(len, lists.values()))) == 1:
            return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        if len(lists) == 1 and len(data) >= 1:  # {"data": [rows]}, as many services answer
            data = next(iter(lists.values()))
    if not isinstance(data, list):
        raise InputError("dataset.path", "must hold a list of rows", found=f"{_kind(data)} in {name}", fix=_FIX)
    for number, row in enumerate(data, 1):
        if not isinstance(row, dict):
            found = f"{_kind(row)} as entry {number} of {name}"
            raise InputError("dataset.path", "each row must be a JSON object", found=found, fix=_FIX)
    return data


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


FORMAT = TableFormat("JSON", _SUFFIXES, "text", _read)

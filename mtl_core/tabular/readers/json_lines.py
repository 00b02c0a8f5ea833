"""Read JSON lines: a row in each line."""

import json
from typing import Any

from mtl_core.spec import InputError, shorten
from mtl_core.tabular.readers.json_cells import is_json_lines, object_cells
from mtl_core.tabular.readers.table_format import FileContent, RawTable, TableFormat, UnreadableRow

_FIX = 'Each line holds one row, such as {"text": "…", "kind": "…"}.'


def _read(file: FileContent) -> RawTable | None:
    if not is_json_lines(file.text):
        return None
    rows, unreadable = [], []
    for number, line in enumerate(file.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(_row(line, number))
        except InputError as error:
            if not file.allows_unreadable:
                raise
            rows.append({})
            unreadable.append(UnreadableRow(len(rows), error.problem.rule))
    cells = object_cells(rows)
    return RawTable(cells, f"JSON lines, {file.encoding}", encoding=file.encoding, unreadable=tuple(unreadable))


def _row(line: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise InputError("dataset.path", f"line {number} is no JSON object", found=shorten(line, 80), fix=_FIX)
    return row


FORMAT = TableFormat("JSON lines", (".jsonl", ".ndjson"), "text", _read)

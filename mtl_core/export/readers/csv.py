"""Runs from CSV files: one row per point, as this program exports them, or a column for each series.

A file with the columns ``task``, ``split``, ``metric``, ``step`` and ``value``, and maybe ``run``, has a row per point.
Any other has a row per step: a column *step*, *epoch* or *iteration*, or else the number of the row, and a series in
each further column of numbers; empty cells are no points.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from mtl_core.csv_file import escape_cell
from mtl_core.errors import InputError, file_error
from mtl_core.export.readers.foreign_run import ForeignRun, file_time
from mtl_core.export.series_names import name_series
from mtl_core.protocol.series_key import SeriesKey
from mtl_core.store import Points

_POINT_COLUMNS = {*SeriesKey._fields, "step", "value"}
_STEPS = ("step", "_step", "global_step", "iteration", "iter", "epoch")

_Values = dict[str, dict[int, float]]


def read_runs(path: Path) -> list[ForeignRun]:
    """Read the runs of a file.

    Raises:
        InputError: It is not UTF-8, has no numbers, or a cell of a point is not a number.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = list(reader.fieldnames or ())
            read = _read_points if set(columns) >= _POINT_COLUMNS else _read_steps
            runs = read(columns, ((reader.line_num, row) for row in reader), path)
    except UnicodeDecodeError:
        raise InputError(str(path), "must be text in UTF-8", fix="Save it as CSV UTF-8.") from None
    except csv.Error as error:
        raise InputError(str(path), "must be a CSV file", found=error) from None
    except OSError as error:
        raise file_error(path, "cannot be read", error) from None
    time = file_time(path)
    names = {run: path.stem + (f" {run}" if run else "") for run in runs}
    return [
        ForeignRun(names[run], f"CSV: {path.name}", {name: _points(own) for name, own in values.items()}, time, time)
        for run, values in runs.items()
    ]


_Rows = Iterable[tuple[int, Mapping[str, str]]]
_Reader = Callable[[list[str], _Rows, Path], dict[str, _Values]]


def _read_points(_columns: list[str], rows: _Rows, path: Path) -> dict[str, _Values]:
    runs: dict[str, _Values] = defaultdict(lambda: defaultdict(dict))
    for line, row in rows:
        cells = {name: _unescape(row[name] or "") for name in row if name in (*_POINT_COLUMNS, "run")}
        key = SeriesKey(cells["task"], cells["split"], cells["metric"])
        step, value = _number(cells["step"]), _number(cells["value"])
        if step is None or value is None or not step.is_integer():
            found = f"line {line}: {cells['step']}, {cells['value']}"
            raise InputError(str(path), "step and value must be numbers", found=found)
        runs[cells.get("run", "")][name_series(key)][int(step)] = value
    return runs


def _read_steps(columns: list[str], rows: _Rows, path: Path) -> dict[str, _Values]:
    values: _Values = defaultdict(dict)
    lower = {name.strip().lower(): name for name in columns}
    step_column = next((lower[name] for name in _STEPS if name in lower), None)
    for count, (line, row) in enumerate(rows):
        step = _number(row[step_column] or "") if step_column else float(count)
        if step is None or not step.is_integer():
            raise InputError(str(path), f"{step_column} must be a whole number", found=f"line {line}")
        for name in columns:
            if name != step_column and (value := _number(row[name] or "")) is not None:
                values[name][int(step)] = value
    return {"": values}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _unescape(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and escape_cell(cell[1:]) == cell else cell


def _points(values: Mapping[int, float]) -> Points:
    steps = sorted(values)
    return Points.of(steps, [values[step] for step in steps])

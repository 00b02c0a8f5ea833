"""Read the columns of a table together: those whose decimal mark is ambiguous take that of the others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd

from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import ColumnType, DataNote, DecimalMark, QueryDataset, TableDataset, shorten
from mtl_core.tabular.cells import CellRules, column_setting
from mtl_core.tabular.column import Column, format_number
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.values.dates import date_text

_OTHER: dict[DecimalMark, DecimalMark] = {".": ",", ",": "."}
_MARKS = {".": "point", ",": "comma"}
_MAX_NAMED = 3
"""So many columns that are converted alike have a note each; more share one."""


def read_table(frame: pd.DataFrame, dataset: TableDataset | QueryDataset, delimiter: str = "") -> dict[str, Column]:
    """Read the columns of a table, of the types that the spec states or else of inferred ones.

    Where the decimal mark of a column is ambiguous (``1,234``), that of most other columns is taken; where all are
    ambiguous, a comma if cells are separated by semicolons, else a point.

    Args:
        frame: The cells by column.
        dataset: The spec, with types, missing texts and the decimal mark where they are stated.
        delimiter: What separates the cells in the file.
    """

    def read(name: str, default_decimal: DecimalMark = ".") -> Column:
        rules = CellRules(dataset.missing.get(name), dataset.decimal, default_decimal)
        return read_column(name, cells[name], dataset.types.get(name), rules)

    cells = {str(name): column for name, column in frame.items()}
    columns = {}
    for i, name in enumerate(cells):
        report_progress("Reading columns", 0.3 + 0.3 * i / len(cells))
        columns[name] = read(name)
    if dataset.decimal is not None:
        return columns
    commas = [c.name for c in columns.values() if c.format.decimal == "," and not c.ambiguous]
    text_columns = [c for c in columns.values() if not pd.api.types.is_numeric_dtype(cells[c.name].dtype)]
    points = [column.name for column in text_columns if _has_point(column)]
    if commas:
        with_commas = {name: read(name, ",") for name in points}
        ambiguous = {name: column for name, column in with_commas.items() if column.ambiguous}
        points = [name for name in points if name not in ambiguous]
        columns |= ambiguous if len(commas) >= len(points) else {}
    mark, reason = _default_mark(len(commas), len(points), delimiter)
    for name, column in columns.items():
        if column.ambiguous and not column.format.dates:
            decided = read(name, mark)
            columns[name] = replace(decided, notes=(*decided.notes, _ambiguous_mark_note(decided, mark, reason)))
    return columns


def _has_point(column: Column) -> bool:
    """Whether its numbers can only have been written with a decimal point, or with groups of three digits."""
    certain = column.type == "numeric" and not column.format.dates and not column.ambiguous
    return certain and column.format.decimal == "." and not column.whole


def _default_mark(commas: int, points: int, delimiter: str) -> tuple[DecimalMark, str]:
    """The decimal mark of ambiguous columns, and why.

    Args:
        commas: How many columns have decimal commas.
        points: How many have decimal points.
        delimiter: What separates the cells in the file.
    """
    if commas or points:
        mark: DecimalMark = "," if commas >= points else "."
        return mark, f"as other columns have decimal {_MARKS[mark]}s"
    if delimiter == ";":
        return ",", "as the cells of the file are separated by semicolons"
    return ".", "as no cell of the file has a decimal comma"


def _ambiguous_mark_note(column: Column, mark: DecimalMark, reason: str) -> DataNote:
    text, value = column.example or ("", 0.0)
    what = f"Column {column.name!r}: {text!r} is read as {format_number(value)}, {reason}."
    fix = f"If it has a decimal {_MARKS[_OTHER[mark]]}, set dataset.decimal to {_OTHER[mark]!r}."
    return DataNote(place="column", name=column.name, what=what, fix=fix)


def conversion_notes(columns: Iterable[Column]) -> list[DataNote]:
    """Notes about cells that were converted to numbers; several columns that are converted alike share one."""
    converted = [column for column in columns if column.example is not None and not column.ambiguous]
    notes: list[DataNote] = []
    for _, group in groupby(sorted(converted, key=_conversion_kind), key=_conversion_kind):
        members = list(group)
        groups = [members] if len(members) > _MAX_NAMED else [[column] for column in members]
        notes += map(_conversion_note, groups)
    return notes


def _conversion_kind(column: Column) -> tuple[str, str, str]:
    """What the numbers were (``time``, ``date`` or empty), their unit and their decimal mark."""
    cells = column.format
    return ("time" if cells.dates == "time" else "date" if cells.dates else ""), cells.unit, cells.decimal


def _conversion_note(columns: Sequence[Column]) -> DataNote:
    dates, unit, decimal = _conversion_kind(columns[0])
    text, value = columns[0].example or ("", 0.0)
    alone = len(columns) == 1
    names = shorten(", ".join(repr(column.name) for column in columns[:_MAX_NAMED]), 120)
    lead = f"Column {names}" if alone else f"{len(columns)} columns ({names} …)"
    where = "" if alone else f" in column {columns[0].name!r}"
    example = f"{text!r}{where} is {'read as ' if not dates else ''}{value:.10g}"
    what = {
        "date": f"{lead}: dates are read as days since 1970-01-01; {example}.",
        "time": f"{lead}: times are read as hours; {example}.",
        "": f"{lead}: {_reason(unit, decimal)}{example}.",
    }[dates]
    name = columns[0].name if alone else ""
    fix = f"To take the cells as categories, set {column_setting('types', name)} to categorical." if alone else ""
    return DataNote(place="column", name=name, what=what, count=len(columns), fix=fix)


def _reason(unit: str, decimal: str) -> str:
    parts = ["numbers have decimal commas"] if decimal == "," else []
    parts += [f"the unit {unit!r} is left away"] if unit else []
    return " and ".join(parts) + "; " if parts else ""


def missing_label_notes(columns: Iterable[Column]) -> list[DataNote]:
    """Notes about the texts that count as missing labels in numeric target columns; others have such notes anyway."""
    notes = []
    for column in columns:
        words = [(text, count) for text, count in column.missing if text]
        if words and column.type == "numeric":
            cells = sum(count for _, count in words)
            counts = ", ".join(f"{text!r} in {count}" for text, count in words[:4])
            what = f"Column {column.name!r}: {cells} of {len(column.numbers)} labels are missing ({counts})."
            notes.append(DataNote(place="column", name=column.name, what=what, count=cells))
    return notes


def ambiguous_dates_note(column: Column) -> DataNote:
    """The note that day and month of a date column could be swapped."""
    text, value = column.example or ("", 0.0)
    date = date_text(value, column.format.dates)
    reason = "since no cell says whether the day or the month comes first"
    what = f"Column {column.name!r}: dates are read as days since 1970-01-01; {text!r} is read as {date}, {reason}."
    fix = "Write dates as YYYY-MM-DD if it is the other way round."
    return DataNote(place="column", name=column.name, what=what, fix=fix)


def read_columns(frame: pd.DataFrame, types: Mapping[str, ColumnType]) -> dict[str, Column]:
    """Read the columns of a data frame one by one, of the types given or else of inferred ones."""
    return {str(name): read_column(str(name), frame[name], types.get(str(name))) for name in frame.columns}

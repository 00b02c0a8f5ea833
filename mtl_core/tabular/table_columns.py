"""The columns of a table, read with what they say about each other: which decimal mark the file uses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

import pandas as pd

from mtl_core.spec import ColumnType, DataNote, DecimalMark, TableDataset, shorten
from mtl_core.tabular.cells import CellRules, setting_of
from mtl_core.tabular.column import Column, label
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.values.dates import date_text

_OTHER: dict[DecimalMark, DecimalMark] = {".": ",", ",": "."}
_MARKS = {".": "point", ",": "comma"}
_SEVERAL = 3  # columns converted alike, from which on one note speaks for all


def read_table(frame: pd.DataFrame, dataset: TableDataset, delimiter: str = "") -> dict[str, Column]:
    """A table's columns, of the types given or guessed.

    Where the cells of a column leave the decimal mark open (``1,234``), that of most other columns is taken; where they
    leave it open too, a comma if cells are separated by semicolons, else a point.

    Args:
        frame: The cells by column.
        dataset: What is stated about them.
        delimiter: What separates the cells in the file.
    """

    def read(name: str, otherwise: DecimalMark = ".") -> Column:
        rules = CellRules(dataset.missing.get(name), dataset.decimal, otherwise)
        return read_column(name, frame[name], dataset.types.get(name), rules)

    columns = {str(name): read(str(name)) for name in frame.columns}
    if dataset.decimal is not None:
        return columns
    commas = [c.name for c in columns.values() if c.format.decimal == "," and not c.unsettled]
    written = [c for c in columns.values() if not pd.api.types.is_numeric_dtype(frame[c.name].dtype)]
    points = [column.name for column in written if _has_point(column)]
    if commas:
        again = {name: read(name, ",") for name in points}
        open_ = {name: column for name, column in again.items() if column.unsettled}
        points = [name for name in points if name not in open_]
        columns |= open_ if len(commas) >= len(points) else {}
    otherwise, reason = _usual_mark(len(commas), len(points), delimiter)
    for name, column in columns.items():
        if column.unsettled and not column.format.dates:
            chosen = read(name, otherwise)
            columns[name] = replace(chosen, notes=(*chosen.notes, _open_mark_note(chosen, otherwise, reason)))
    return columns


def _has_point(column: Column) -> bool:
    """Whether its numbers can only have been written with a decimal point, or with groups of three digits."""
    known = column.type == "numeric" and not column.format.dates and not column.unsettled
    return known and column.format.decimal == "." and not column.whole


def _usual_mark(commas: int, points: int, delimiter: str) -> tuple[DecimalMark, str]:
    if commas or points:
        mark: DecimalMark = "," if commas >= points else "."
        return mark, f"as other columns have decimal {_MARKS[mark]}s"
    if delimiter == ";":
        return ",", "as the cells of the file are separated by semicolons"
    return ".", "as no cell of the file has a decimal comma"


def _open_mark_note(column: Column, mark: DecimalMark, reason: str) -> DataNote:
    text, value = column.example or ("", 0.0)
    what = f"Column {column.name!r}: {text!r} is read as {label(value)}, {reason}."
    fix = f"If it has a decimal {_MARKS[_OTHER[mark]]}, set dataset.decimal to {_OTHER[mark]!r}."
    return DataNote(place="column", name=column.name, what=what, fix=fix)


def conversion_notes(columns: Iterable[Column]) -> list[DataNote]:
    """What was converted to numbers, one note for columns of one kind where there are several."""
    converted = [column for column in columns if column.example is not None and not column.unsettled]
    notes: list[DataNote] = []
    for _, group in groupby(sorted(converted, key=_kind_of_conversion), key=_kind_of_conversion):
        alike = list(group)
        notes += [_note(alike)] if len(alike) > _SEVERAL else [_note([column]) for column in alike]
    return notes


def _kind_of_conversion(column: Column) -> tuple[str, str, str]:
    cells = column.format
    return ("time" if cells.dates == "time" else "date" if cells.dates else ""), cells.unit, cells.decimal


def _note(columns: Sequence[Column]) -> DataNote:
    dates, unit, decimal = _kind_of_conversion(columns[0])
    text, value = columns[0].example or ("", 0.0)
    alone = len(columns) == 1
    names = shorten(", ".join(repr(column.name) for column in columns[:_SEVERAL]), 120)
    lead = f"Column {names}" if alone else f"{len(columns)} columns ({names} …)"
    fix = "" if alone else f" in column {columns[0].name!r}"
    example = f"{text!r}{fix} is read as {_shown(value)}"
    what = {
        "date": f"{lead}: dates become days since 1970-01-01; {example}.",
        "time": f"{lead}: times become hours; {example}.",
        "": f"{lead}: {_reason(unit, decimal)}{example}.",
    }[dates]
    remedy = (
        f"To take the cells as categories, set {setting_of('types', columns[0].name)} to categorical." if alone else ""
    )
    return DataNote(place="column", name=columns[0].name if alone else "", what=what, count=len(columns), fix=remedy)


def _reason(unit: str, decimal: str) -> str:
    parts = ["numbers have decimal commas"] if decimal == "," else []
    parts += [f"the unit {unit!r} is left away"] if unit else []
    return " and ".join(parts) + "; " if parts else ""


def _shown(value: float) -> str:
    return f"{value:.10g}"


def missing_label_notes(columns: Iterable[Column]) -> list[DataNote]:
    """Which words in target columns of numbers count as missing labels; those of categories say so by themselves."""
    notes = []
    for column in columns:
        words = [(text, count) for text, count in column.missing if text]
        if words and column.type == "numeric":
            cells = sum(count for _, count in words)
            told = ", ".join(f"{text!r} in {count}" for text, count in words[:4])
            what = f"Column {column.name!r}: {cells} of {len(column.numbers)} labels are missing ({told})."
            notes.append(DataNote(place="column", name=column.name, what=what, count=cells))
    return notes


def open_dates_note(column: Column) -> DataNote:
    """That day and month could be the other way round."""
    text, value = column.example or ("", 0.0)
    read = date_text(value, column.format.dates)
    why = "since no cell says whether the day or the month comes first"
    what = f"Column {column.name!r}: dates become days since 1970-01-01; {text!r} is read as {read}, {why}."
    fix = "Write dates as YYYY-MM-DD if it is the other way round."
    return DataNote(place="column", name=column.name, what=what, fix=fix)


def read_columns(frame: pd.DataFrame, types: Mapping[str, ColumnType]) -> dict[str, Column]:
    """A frame's columns, of the types given or guessed, each by itself."""
    return {str(name): read_column(str(name), frame[name], types.get(str(name))) for name in frame.columns}

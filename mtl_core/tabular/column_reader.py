"""Cells to a column: numbers or values of a category, and which of the two they are by looking.

What a cell says, decided once for data and for new rows:

- Empty cells and ``NA``, ``N/A``, ``NaN``, ``null``, ``none``, ``?`` and ``-``, in any case, are missing, unless
  ``dataset.missing`` says otherwise of the column.
- Numbers may have either decimal mark, groups, a unit (:mod:`mtl_core.tabular.values.numerals`), and may be dates
  (:mod:`mtl_core.tabular.values.dates`). Infinite numbers and those beyond ±1e30 are missing, since 32-bit training
  cannot carry them.
- A column is numeric when at least 95 % of the cells that are there are numbers, or dates; the rest is then missing.
- Whole numbers beyond 2^53, which floating point rounds, are categories where rounding would make two of them one, or
  where they repeat.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mtl_core.spec import ColumnType, DataNote, shorten
from mtl_core.tabular.cells import CellRules, Distinct, distinct_texts, missing_of, setting_of
from mtl_core.tabular.column import EXACT, HUGE, CellFormat, Column, label, number, plain_number
from mtl_core.tabular.values.dates import Dates, read_dates, typed_dates
from mtl_core.tabular.values.numerals import PERCENT, Flags, Floats, Numerals, begins_with_number, read_numerals

_WHOLE = re.compile(r"[+-]?[0-9]+")
_LEADING_ZERO = re.compile(r"^\s*[+-]?0[0-9]", re.MULTILINE)
_MOSTLY = 0.95
_LOOKS_NUMERIC = 0.8


def read_column(
    name: str, cells: "pd.Series[Any]", wanted: ColumnType | None = None, rules: CellRules | None = None
) -> Column:
    """A column from a frame's, of the wanted type or of the one it looks like."""
    rules = rules or CellRules()
    if wanted == "text":
        return replace(read_column(name, cells, "categorical", rules), type="text")
    if wanted != "categorical" and (column := _typed(name, cells, rules)) is not None:
        return column
    if wanted != "categorical" and (column := _plain_numbers(name, cells, rules)) is not None:
        return column
    found = distinct_texts(_exact_texts(cells), rules)
    if wanted == "categorical":
        return _categorical(name, found, rules)
    return _looked_at(name, found, rules, wanted)


def _typed(name: str, cells: "pd.Series[Any]", rules: CellRules) -> Column | None:
    """A column whose cells are numbers or dates already; None of any other."""
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(cells.dtype):
        numbers = typed_dates(cells)
        dated = _numeric(name, numbers, _gaps(numbers))
        example = _example(numbers, [str(cell) for cell in cells.head(1)])
        return replace(dated, format=CellFormat(dates="ymd"), example=example)
    if kinds.is_timedelta64_dtype(cells.dtype):
        numbers = cells.dt.total_seconds().to_numpy(np.float64) / 3600
        example = _example(numbers, [str(cell) for cell in cells.head(1)])
        return replace(_numeric(name, numbers, _gaps(numbers)), format=CellFormat(dates="time"), example=example)
    if (
        not kinds.is_numeric_dtype(cells.dtype)
        or kinds.is_bool_dtype(cells.dtype)
        or kinds.is_complex_dtype(cells.dtype)
    ):
        return None
    numbers = cells.to_numpy(np.float64, na_value=np.nan)
    if kinds.is_integer_dtype(cells.dtype) and _beyond_exact(numbers):
        return None
    gaps = _gaps(numbers)
    if rules.missing:
        coded = [value for text in rules.missing if (value := number(text.strip())) is not None]
        absent = np.isin(numbers, coded)
        gaps = (*gaps, *missing_of([label(value) for value in numbers[absent]], np.ones(absent.sum(), np.bool_)))
        numbers = np.where(absent, np.nan, numbers)
    return _numeric(name, numbers, gaps)


def _gaps(numbers: Floats) -> tuple[tuple[str, int], ...]:
    empty = int(np.isnan(numbers).sum())
    return (("", empty),) if empty else ()


def _example(numbers: Floats, texts: Sequence[str]) -> tuple[str, float] | None:
    return (texts[0], float(numbers[0])) if texts and np.isfinite(numbers[0]) else None


def _beyond_exact(numbers: Floats) -> bool:
    with np.errstate(invalid="ignore"):
        return bool((np.abs(numbers) >= EXACT).any())


def _exact_texts(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """Typed numbers as the texts of classes, so that whole numbers keep every digit."""
    kinds = pd.api.types
    if kinds.is_float_dtype(cells.dtype):
        return cells.map(label, na_action="ignore").astype(object)
    return cells


def _plain_numbers(name: str, cells: "pd.Series[Any]", rules: CellRules) -> Column | None:
    """The fast way for long columns of nothing but plain numbers and empty cells; None where there is more to see."""
    if rules.missing is not None or "," in (rules.decimal, rules.otherwise):
        return None
    texts = cells.tolist()
    if set(map(type, texts)) != {str}:
        return None
    try:
        numbers = np.array([text or "nan" for text in texts], object).astype(np.float64)
    except ValueError:
        return None
    together = "\n".join(texts)
    if not together.isascii() or "_" in together or _LEADING_ZERO.search(together) or _beyond_exact(numbers):
        return None
    return _numeric(name, numbers, missing_of(texts, np.isnan(numbers)))


def _looked_at(name: str, found: Distinct, rules: CellRules, wanted: ColumnType | None) -> Column:
    """A column of text, of the type that its cells look like."""
    numerals = read_numerals(found.texts, found.counts, otherwise=rules.otherwise, stated=rules.decimal)
    present = int(found.counts.sum())
    numeric = int(found.counts[numerals.valid].sum())
    if numeric < _MOSTLY * present:
        dates = read_dates(found.texts, found.counts, rules.dates)
        dated = int(found.counts[~np.isnan(dates.values)].sum()) if dates else 0
        if dates is not None and (dated >= _MOSTLY * present or (wanted == "numeric" and dated > numeric)):
            return _read_as_dates(name, found, dates)
        if wanted is None:
            return _categorical(name, found, rules, _number_note(name, found, numerals, present))
    elif wanted is None and _needs_digits(found, numerals):
        what = f"Column {name!r} holds whole numbers beyond 2^53, which are taken as categories to keep every digit."
        fix = f"To read them as rounded numbers, set {setting_of('types', name)} to numeric."
        note = DataNote(place="column", name=name, what=what, count=present, fix=fix)
        column = _categorical(name, found, rules, note)
        return replace(column, format=replace(column.format, exact=True))
    return _read_as_numbers(name, found, numerals)


def _read_as_numbers(name: str, found: Distinct, numerals: Numerals) -> Column:
    notes = _odd_cells(name, found, numerals.valid, "number")
    column = _numeric(name, np.append(numerals.values, np.nan)[found.codes], found.missing, notes)
    place = numerals.unsettled if numerals.unsettled >= 0 else numerals.converted
    decides = numerals.settled or numerals.unsettled >= 0
    return replace(
        column,
        format=CellFormat(decimal=numerals.decimal if decides else ".", unit=numerals.unit),
        example=(found.texts[place], float(numerals.values[place])) if place >= 0 else None,
        unsettled=numerals.unsettled >= 0,
    )


def _read_as_dates(name: str, found: Distinct, dates: Dates) -> Column:
    valid = ~np.isnan(dates.values)
    notes = _odd_cells(name, found, valid, "time" if dates.order == "time" else "date")
    column = _numeric(name, np.append(dates.values, np.nan)[found.codes], found.missing, notes)
    place = int(np.argmax(valid))
    example = (found.texts[place], float(dates.values[place]))
    return replace(column, format=CellFormat(dates=dates.order), example=example, unsettled=not dates.settled)


def _needs_digits(found: Distinct, numerals: Numerals) -> bool:
    """Whether whole numbers beyond 2^53 name things: rounding makes two of them one, or they repeat."""
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(np.abs(numerals.values) >= EXACT)
    large = np.array([place for place in large.tolist() if _WHOLE.fullmatch(found.texts[place])], np.int64)
    if not len(large):
        return False
    exact, rounded = {int(found.texts[place]) for place in large}, set(numerals.values[large].tolist())
    return len(rounded) < len(exact) or 2 * len(found.texts) <= int(found.counts.sum())


def _number_note(name: str, found: Distinct, numerals: Numerals, present: int) -> DataNote | None:
    """That the cells of a column that is taken for categories look like numbers."""
    like = np.array([begins_with_number(text) for text in found.texts], np.bool_)
    cells = int(found.counts[like].sum()) if len(like) else 0
    if not present or cells < _LOOKS_NUMERIC * present or len(found.texts) < 3:
        return None
    odd = next((text for text, valid in zip(found.texts, numerals.valid, strict=True) if not valid), found.texts[0])
    reason = f"not all of which can be read as numbers ({shorten(odd, 30)!r})"
    if len(numerals.units) > 1:
        reason = f"with different units ({', '.join(map(repr, numerals.units[:4]))})"
    elif numerals.unit in PERCENT:
        reason = f"with and without {numerals.unit!r}"
    what = f"Column {name!r} holds {cells} cells that begin with a number, {reason}; it is taken as categories."
    fix = f"Write plain numbers in the file, or set {setting_of('types', name)} to say what it is."
    return DataNote(place="column", name=name, what=what, count=cells, fix=fix)


def _numeric(
    name: str, numbers: Floats, missing: tuple[tuple[str, int], ...], notes: tuple[DataNote, ...] = ()
) -> Column:
    with np.errstate(invalid="ignore"):
        huge = np.abs(numbers) > HUGE
    if huge.any():
        count = int(huge.sum())
        cells = "1 infinite or huge number counts" if count == 1 else f"{count} infinite or huge numbers count"
        what = f"Column {name!r}: {cells} as missing."
        notes = (*notes, DataNote(place="column", name=name, what=what, count=count))
    nothing = np.full(len(numbers), -1, np.int64)
    return Column(name, "numeric", np.where(huge, np.nan, numbers), nothing, notes=notes, missing=missing)


def _odd_cells(name: str, found: Distinct, valid: Flags, kind: str) -> tuple[DataNote, ...]:
    """That cells are left away that are no numbers, where there are some."""
    odd = [text for text, read in zip(found.texts, valid, strict=True) if not read]
    if not odd:
        return ()
    count = int(found.counts[~valid].sum())
    examples = ", ".join(repr(text[:30]) for text in odd[:3])
    cells = f"1 cell that is not a {kind} counts" if count == 1 else f"{count} cells that are not {kind}s count"
    what = f"Column {name!r}: {cells} as missing ({examples})."
    fix = f"Correct the cells, or set {setting_of('types', name)} to categorical."
    return (DataNote(place="column", name=name, what=what, count=count, fix=fix),)


def _categorical(name: str, found: Distinct, rules: CellRules, note: DataNote | None = None) -> Column:
    """Values in order: by size if all are numbers, else by alphabet; ``1.0`` is ``1`` where both are there."""
    known = set(found.texts)
    values = [short if (short := plain_number(text)) in known else text for text in found.texts]
    texts = list(dict.fromkeys(values))
    notes = [one for one in (note, _missing_note(name, found, rules)) if one is not None]
    merged = len(texts) < len(found.texts)
    if merged:
        text, short = next((t, v) for t, v in zip(found.texts, values, strict=True) if t != v)
        what = f"Column {name!r}: {text!r} and {short!r} are the same number and one category."
        notes.append(DataNote(place="column", name=name, what=what, count=len(found.texts) - len(texts)))
    index = {text: place for place, text in enumerate(texts)}
    place_of = np.array([*(index[value] for value in values), -1], np.int64)
    parsed = [number(text) for text in texts]
    if all(value is not None for value in parsed):
        order = sorted(range(len(texts)), key=lambda i: (parsed[i] or 0.0, len(texts[i]), texts[i]))
    else:
        order = sorted(range(len(texts)), key=lambda i: texts[i])
    rank = np.empty(len(texts) + 1, np.int64)
    rank[order] = np.arange(len(texts))
    rank[-1] = -1
    return Column(
        name,
        "categorical",
        np.full(len(found.codes), np.nan),
        rank[place_of[found.codes]],
        tuple(texts[i] for i in order),
        tuple(notes),
        CellFormat(equal_numbers=merged),
        found.missing,
    )


def _missing_note(name: str, found: Distinct, rules: CellRules) -> DataNote | None:
    """That words which may be a category count as missing, and how to have them as one."""
    words = [(text, count) for text, count in found.missing if text]
    if not words or not found.texts or rules.missing is not None:
        return None
    cells = sum(count for _, count in words)
    told = ", ".join(f"{text!r} in {count}" for text, count in words[:4])
    what = f"Column {name!r}: {cells} of {len(found.codes)} cells count as missing because of what they say ({told})."
    where = setting_of("missing", name)
    fix = f"To make them categories, set {where} to an empty list, [], or to the words that are missing."
    return DataNote(place="column", name=name, what=what, count=cells, fix=fix)

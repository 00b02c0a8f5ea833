"""Read the cells of a column as numbers or categories, and infer which of the two they are.

The rules, the same for training data and for new rows:

- Empty cells and ``NA``, ``N/A``, ``NaN``, ``null``, ``none``, ``?`` and ``-``, in any case, are missing, unless
  ``dataset.missing`` says otherwise of the column.
- Numbers may have either decimal mark, groups, a unit (:mod:`mtl_core.tabular.values.numerals`), and may be dates
  (:mod:`mtl_core.tabular.values.dates`). Infinite numbers and those beyond ±1e30 are missing, since 32-bit training
  cannot carry them.
- A column is numeric when at least 95 % of the cells that are not missing are numbers, or dates; the rest then counts
  as missing.
- Whole numbers beyond 2^53, which floating point rounds, are categories where rounding would merge two of them, or
  where they repeat.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mtl_core.spec import ColumnType, DataNote, shorten
from mtl_core.tabular.arrow import arrow, compute
from mtl_core.tabular.cells import CellRules, Distinct, column_setting, count_missing, distinct_texts
from mtl_core.tabular.column import EXACT, HUGE, CellFormat, Column, format_number, parse_number, without_zero_fraction
from mtl_core.tabular.values.dates import Dates, read_dates, typed_dates
from mtl_core.tabular.values.numerals import PERCENT, Flags, Floats, Numerals, begins_with_number, read_numerals

_WHOLE = re.compile(r"[+-]?[0-9]+")
_LEADING_ZERO = re.compile(r"^\s*[+-]?0[0-9]", re.MULTILINE)
_FIRST_CELLS = 1000
_MOSTLY = 0.95
_LOOKS_NUMERIC = 0.8
_MOST_UNREADABLE = 100


def read_column(
    name: str, cells: "pd.Series[Any]", column_type: ColumnType | None = None, rules: CellRules | None = None
) -> Column:
    """Read a column of a data frame.

    Args:
        name: The name of the column.
        cells: Its cells, as text or typed.
        column_type: The type to read it as; None infers numeric or categorical from the cells.
        rules: How cells are read; the default rules where it is None.
    """
    rules = rules or CellRules()
    if column_type == "text":
        return replace(read_column(name, cells, "categorical", rules), type="text")
    if column_type != "categorical" and (column := _read_typed(name, cells, rules)) is not None:
        return column
    if column_type != "categorical" and (column := _read_plain_numbers(name, cells, rules)) is not None:
        return column
    distinct = distinct_texts(_exact_texts(cells), rules)
    if column_type == "categorical":
        return _categorical_column(name, distinct, rules)
    return _infer_column(name, distinct, rules, column_type)


def _read_typed(name: str, cells: "pd.Series[Any]", rules: CellRules) -> Column | None:
    """Read a column whose dtype is numeric or a date; None for any other dtype."""
    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(cells.dtype):
        numbers = typed_dates(cells)
        column = _numeric_column(name, numbers, _missing_counts(numbers))
        example = _example(numbers, [str(cell) for cell in cells.head(1)])
        return replace(column, format=CellFormat(dates="ymd"), example=example)
    if kinds.is_timedelta64_dtype(cells.dtype):
        numbers = cells.dt.total_seconds().to_numpy(np.float64) / 3600
        example = _example(numbers, [str(cell) for cell in cells.head(1)])
        column = _numeric_column(name, numbers, _missing_counts(numbers))
        return replace(column, format=CellFormat(dates="time"), example=example)
    if (
        not kinds.is_numeric_dtype(cells.dtype)
        or kinds.is_bool_dtype(cells.dtype)
        or kinds.is_complex_dtype(cells.dtype)
    ):
        return None
    numbers = cells.to_numpy(np.float64, na_value=np.nan)
    if kinds.is_integer_dtype(cells.dtype) and _any_beyond_exact(numbers):
        return None
    missing = _missing_counts(numbers)
    if rules.missing:
        coded = [value for text in rules.missing if (value := parse_number(text.strip())) is not None]
        absent = np.isin(numbers, coded)
        texts = [format_number(value) for value in numbers[absent]]
        missing = (*missing, *count_missing(texts, np.ones(len(texts), np.bool_)))
        numbers = np.where(absent, np.nan, numbers)
    return _numeric_column(name, numbers, missing)


def _missing_counts(numbers: Floats) -> tuple[tuple[str, int], ...]:
    empty = int(np.isnan(numbers).sum())
    return (("", empty),) if empty else ()


def _example(numbers: Floats, texts: Sequence[str]) -> tuple[str, float] | None:
    return (texts[0], float(numbers[0])) if texts and np.isfinite(numbers[0]) else None


def _any_beyond_exact(numbers: Floats) -> bool:
    with np.errstate(invalid="ignore"):
        return bool((np.abs(numbers) >= EXACT).any())


def _exact_texts(cells: "pd.Series[Any]") -> "pd.Series[Any]":
    """Convert floating point cells to text; whole numbers of any size keep every digit."""
    kinds = pd.api.types
    if kinds.is_float_dtype(cells.dtype):
        return cells.map(format_number, na_action="ignore").astype(object)
    return cells


def _read_plain_numbers(name: str, cells: "pd.Series[Any]", rules: CellRules) -> Column | None:
    """Read plain numbers and empty cells the fast way; None where a cell is anything else."""
    if rules.missing is not None or "," in (rules.decimal, rules.default_decimal):
        return None
    if len(cells) <= _FIRST_CELLS:
        return _read_floats(name, cells.tolist())
    first = cells.head(_FIRST_CELLS).tolist()
    if set(map(type, first)) != {str} or not all(map(_is_float, first)):
        return None
    if (numbers := _plain_numbers(cells)) is not None:
        return _numeric_column(name, numbers, _missing_counts(numbers))
    return _read_floats(name, cells.tolist())


def _read_floats(name: str, texts: list[Any]) -> Column | None:
    """Read texts that Python takes for plain numbers, some of which may not be finite; None where a cell is not."""
    if set(map(type, texts)) != {str}:
        return None
    try:
        numbers = np.array([text or "nan" for text in texts], object).astype(np.float64)
    except ValueError:
        return None
    joined = "\n".join(texts)
    if not joined.isascii() or "_" in joined or _LEADING_ZERO.search(joined) or _any_beyond_exact(numbers):
        return None
    return _numeric_column(name, numbers, count_missing(texts, np.isnan(numbers)))


def _is_float(text: str) -> bool:
    try:
        return not text or float(text) is not None
    except ValueError:
        return False


def _plain_numbers(cells: "pd.Series[Any]") -> Floats | None:
    """The numbers of cells that are digits, with a point and an exponent at most, or empty; None of any others.

    Arrow rounds as Python does, but takes some texts for numbers that Python does not; none of those is finite.
    """
    pa, pc = arrow(), compute()
    try:
        texts = pa.array(cells.array, pa.string())
        numbers = pc.cast(pc.if_else(pc.equal(texts, ""), None, texts), pa.float64())
    except (pa.ArrowException, UnicodeError):
        return None
    if texts.null_count or pc.any(pc.match_substring_regex(texts, r"^[+-]?0[0-9]")).as_py():
        return None
    values = np.asarray(numbers.to_numpy(zero_copy_only=False), np.float64)
    is_plain = np.isfinite(values).sum() == len(values) - numbers.null_count and not _any_beyond_exact(values)
    return values if is_plain else None


def _infer_column(name: str, distinct: Distinct, rules: CellRules, column_type: ColumnType | None) -> Column:
    """Read text cells as numbers, dates or categories, whichever most of them are."""
    numerals = read_numerals(
        distinct.texts, distinct.counts, default_decimal=rules.default_decimal, decimal=rules.decimal
    )
    present = int(distinct.counts.sum())
    numeric = int(distinct.counts[numerals.valid].sum())
    if numeric < _MOSTLY * present:
        dates = read_dates(distinct.texts, distinct.counts, rules.dates)
        dated = int(distinct.counts[~np.isnan(dates.values)].sum()) if dates else 0
        if dates is not None and (dated >= _MOSTLY * present or (column_type == "numeric" and dated > numeric)):
            return _read_as_dates(name, distinct, dates)
        if column_type is None:
            return _categorical_column(name, distinct, rules, _number_note(name, distinct, numerals, present))
    elif column_type is None and _needs_exact_digits(distinct, numerals):
        what = f"Column {name!r} holds whole numbers beyond 2^53, which are taken as categories to keep every digit."
        fix = f"To read them as rounded numbers, set {column_setting('types', name)} to numeric."
        note = DataNote(place="column", name=name, what=what, count=present, fix=fix)
        column = _categorical_column(name, distinct, rules, note)
        return replace(column, format=replace(column.format, exact=True))
    return _read_as_numbers(name, distinct, numerals)


def _read_as_numbers(name: str, distinct: Distinct, numerals: Numerals) -> Column:
    notes = _unreadable_notes(name, distinct, numerals.valid, "number")
    column = _numeric_column(name, np.append(numerals.values, np.nan)[distinct.codes], distinct.missing, notes)
    index = numerals.ambiguous_index if numerals.ambiguous_index >= 0 else numerals.example_index
    mark_matters = numerals.decimal_is_certain or numerals.ambiguous_index >= 0
    return replace(
        column,
        format=CellFormat(decimal=numerals.decimal if mark_matters else ".", unit=numerals.unit),
        example=(distinct.texts[index], float(numerals.values[index])) if index >= 0 else None,
        ambiguous=numerals.ambiguous_index >= 0,
        unreadable=_unreadable_texts(distinct, numerals.valid),
    )


def _read_as_dates(name: str, distinct: Distinct, dates: Dates) -> Column:
    valid = ~np.isnan(dates.values)
    notes = _unreadable_notes(name, distinct, valid, "time" if dates.order == "time" else "date")
    column = _numeric_column(name, np.append(dates.values, np.nan)[distinct.codes], distinct.missing, notes)
    index = int(np.argmax(valid))
    example = (distinct.texts[index], float(dates.values[index]))
    return replace(
        column,
        format=CellFormat(dates=dates.order),
        example=example,
        ambiguous=not dates.order_is_certain,
        unreadable=_unreadable_texts(distinct, valid),
    )


def _needs_exact_digits(distinct: Distinct, numerals: Numerals) -> bool:
    """Whether whole numbers beyond 2^53 are identifiers: rounding would merge two of them, or they repeat."""
    with np.errstate(invalid="ignore"):
        large = np.flatnonzero(np.abs(numerals.values) >= EXACT)
    large = np.array([index for index in large.tolist() if _WHOLE.fullmatch(distinct.texts[index])], np.int64)
    if not len(large):
        return False
    exact, rounded = {int(distinct.texts[index]) for index in large}, set(numerals.values[large].tolist())
    return len(rounded) < len(exact) or 2 * len(distinct.texts) <= int(distinct.counts.sum())


def _number_note(name: str, distinct: Distinct, numerals: Numerals, present: int) -> DataNote | None:
    """The note that most cells of a categorical column begin with a number."""
    begins = np.array([begins_with_number(text) for text in distinct.texts], np.bool_)
    cells = int(distinct.counts[begins].sum()) if len(begins) else 0
    if not present or cells < _LOOKS_NUMERIC * present or len(distinct.texts) < 3:
        return None
    unreadable = (text for text, valid in zip(distinct.texts, numerals.valid, strict=True) if not valid)
    example = next(unreadable, distinct.texts[0])
    reason = f"not all of which can be read as numbers ({shorten(example, 30)!r})"
    if len(numerals.units) > 1:
        reason = f"with different units ({', '.join(map(repr, numerals.units[:4]))})"
    elif numerals.unit in PERCENT:
        reason = f"with and without {numerals.unit!r}"
    what = f"Column {name!r} holds {cells} cells that begin with a number, {reason}; it is taken as categories."
    fix = f"Write plain numbers in the file, or set {column_setting('types', name)} to say what it is."
    return DataNote(place="column", name=name, what=what, count=cells, fix=fix)


def _numeric_column(
    name: str, numbers: Floats, missing: tuple[tuple[str, int], ...], notes: tuple[DataNote, ...] = ()
) -> Column:
    with np.errstate(invalid="ignore"):
        huge = np.abs(numbers) > HUGE
    if huge.any():
        count = int(huge.sum())
        cells = "1 infinite or huge number counts" if count == 1 else f"{count} infinite or huge numbers count"
        what = f"Column {name!r}: {cells} as missing."
        notes = (*notes, DataNote(place="column", name=name, what=what, count=count))
    no_codes = np.full(len(numbers), -1, np.int64)
    return Column(name, "numeric", np.where(huge, np.nan, numbers), no_codes, notes=notes, missing=missing)


def _unreadable_texts(distinct: Distinct, valid: Flags) -> tuple[str, ...]:
    """The first distinct cells that are no numbers or dates."""
    return tuple(distinct.texts[index] for index in np.flatnonzero(~valid)[:_MOST_UNREADABLE].tolist())


def _unreadable_notes(name: str, distinct: Distinct, valid: Flags, kind: str) -> tuple[DataNote, ...]:
    """The note that some cells of a numeric column are no numbers, if any."""
    unreadable = [text for text, is_valid in zip(distinct.texts, valid, strict=True) if not is_valid]
    if not unreadable:
        return ()
    count = int(distinct.counts[~valid].sum())
    examples = ", ".join(repr(text[:30]) for text in unreadable[:3])
    cells = f"1 cell that is not a {kind} counts" if count == 1 else f"{count} cells that are not {kind}s count"
    what = f"Column {name!r}: {cells} as missing ({examples})."
    fix = f"Correct the cells, or set {column_setting('types', name)} to categorical."
    return (DataNote(place="column", name=name, what=what, count=count, fix=fix),)


def _categorical_column(name: str, distinct: Distinct, rules: CellRules, note: DataNote | None = None) -> Column:
    """Read cells as categories, sorted by size if all are numbers, else alphabetically; ``1.0`` and ``1`` are one."""
    distinct_set = set(distinct.texts)
    values = [short if (short := without_zero_fraction(text)) in distinct_set else text for text in distinct.texts]
    texts = list(dict.fromkeys(values))
    notes = [n for n in (note, _missing_note(name, distinct, rules)) if n is not None]
    merged = len(texts) < len(distinct.texts)
    if merged:
        text, short = next((t, v) for t, v in zip(distinct.texts, values, strict=True) if t != v)
        what = f"Column {name!r}: {text!r} and {short!r} are the same number and one category."
        notes.append(DataNote(place="column", name=name, what=what, count=len(distinct.texts) - len(texts)))
    code_of_text = {text: code for code, text in enumerate(texts)}
    codes = np.array([*(code_of_text[value] for value in values), -1], np.int64)
    parsed = [parse_number(text) for text in texts]
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
        np.full(len(distinct.codes), np.nan),
        rank[codes[distinct.codes]],
        tuple(texts[i] for i in order),
        tuple(notes),
        CellFormat(equal_numbers=merged),
        distinct.missing,
    )


def _missing_note(name: str, distinct: Distinct, rules: CellRules) -> DataNote | None:
    """The note that some texts count as missing, and how to make them categories."""
    words = [(text, count) for text, count in distinct.missing if text]
    if not words or not distinct.texts or rules.missing is not None:
        return None
    cells = sum(count for _, count in words)
    counts = ", ".join(f"{text!r} in {count}" for text, count in words[:4])
    because = f"because of what they say ({counts})"
    what = f"Column {name!r}: {cells} of {len(distinct.codes)} cells count as missing {because}."
    where = column_setting("missing", name)
    fix = f"To make them categories, set {where} to an empty list, [], or to the words that are missing."
    return DataNote(place="column", name=name, what=what, count=cells, fix=fix)

"""Numbers with decimal commas, thousands separators, units and percent signs."""

import re

import numpy as np
import pandas as pd
import pytest

from mtl_core.spec import DecimalMark
from mtl_core.tabular.cells import CellRules
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.table_columns import conversion_notes


def read(*cells: str, rules: CellRules | None = None) -> Column:
    return read_column("c", pd.Series(list(cells), dtype=object), None, rules)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("0,331", "12", "1,5"), (0.331, 12, 1.5)),
        (("1.234,56", "7,5"), (1234.56, 7.5)),
        (("1.234.567", "12"), (1234567, 12)),
        (("1,234.56", "7.5"), (1234.56, 7.5)),
        (("1,234,567", "12"), (1234567, 12)),
        (("12,34,567.5", "3"), (1234567.5, 3)),
        (("1\u00a0234,5", "1\u202f000\u202f000"), (1234.5, 1000000)),
        (("1'234.5", "2’000"), (1234.5, 2000)),
        (("\u22125.5", "\u20131", "+2"), (-5.5, -1, 2)),
        (("(1,234.5)", "2"), (-1234.5, 2)),
        (("45 %", "3%", "12.5 %", "0"), (45, 3, 12.5, 0)),
        (("$1,200", "$3.50", "-$2", "$-1"), (1200, 3.5, -2, -1)),
        (("€ 1.200,50", "3,00 €", "12"), (1200.5, 3, 12)),
        (("12 kg", "9.5 kg"), (12, 9.5)),
        (("1,5e3", "2,0"), (1500, 2)),
        (("٣٫٥", "٤"), (3.5, 4)),
        (("１２", "３．５"), (12, 3.5)),
        (("1.234", "5.678", "12.5"), (1.234, 5.678, 12.5)),
    ],
)
def test_a_column_of_numbers_of_any_locale_is_numeric(cells: tuple[str, ...], numbers: tuple[float, ...]) -> None:
    column = read(*cells)
    assert column.type == "numeric"
    np.testing.assert_array_equal(column.numbers, numbers)


def test_a_group_of_three_digits_is_ambiguous_and_read_with_the_default_mark() -> None:
    assert read("1,234", "12").numbers.tolist() == [1234, 12]
    column = read("1,234", "12", rules=CellRules(default_decimal=","))
    assert column.numbers.tolist() == [1.234, 12]
    assert column.ambiguous
    assert not read("1,234", "0.5").ambiguous


def test_a_stated_decimal_mark_overrides_what_the_cells_suggest() -> None:
    assert read("1.234", "5.678", rules=CellRules(decimal=",")).numbers.tolist() == [1234, 5678]
    assert read("0.5", "1.5", "2", rules=CellRules(decimal=",")).type == "categorical"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("$5", "€5", "£4"), r"with different units \('\$', '£', '€'\)"),
        (("45 %", "0.3", "12 %"), "with and without '%'"),
        (("1.2k", "3M", "5"), r"not all of which can be read as numbers \('1.2k'\)"),
        (("0,5", "1.5", "2,5", "3.5"), "not all of which can be read as numbers"),
        (("18-25", "26-35", "36-45"), "not all of which can be read as numbers"),
    ],
)
def test_cells_that_look_like_numbers_and_are_categories_have_a_note(cells: tuple[str, ...], reason: str) -> None:
    column = read(*cells)
    assert column.type == "categorical"
    (note,) = column.notes
    assert (note.place, note.name, note.count) == ("column", "c", len(cells))
    assert re.search(reason, note.what)
    assert "dataset.types.c" in note.fix


@pytest.mark.parametrize("cells", [("12A", "13A", "14B"), ("a", "b", "c"), ("1st", "2nd", "3rd")])
def test_names_that_begin_with_a_number_stay_categories(cells: tuple[str, ...]) -> None:
    assert read(*cells).type == "categorical"


@pytest.mark.parametrize("mark", [".", ","])
def test_many_numbers_written_out_with_either_mark_are_read_back(mark: DecimalMark) -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1e6, 500).round(3), rng.normal(0, 1, 500).round(6)])
    texts = [
        f"{value:,}".replace(",", "X").replace(".", mark).replace("X", "." if mark == "," else ",") for value in values
    ]
    np.testing.assert_array_equal(read(*texts).numbers, values)


def test_whole_numbers_that_floating_point_would_merge_are_categories() -> None:
    column = read(*["9007199254740993", "9007199254740992"] * 3)
    assert column.values == ("9007199254740992", "9007199254740993")
    assert "keep every digit" in column.notes[0].what
    typed = read_column("c", pd.Series([2**53 + 1, 2**53] * 3))
    assert typed.values == ("9007199254740992", "9007199254740993")
    stamps = read(*[str(1_700_000_000_000_000_000 + 10**9 * i) for i in range(30)])
    assert stamps.type == "numeric"


def test_one_and_one_point_zero_are_one_category() -> None:
    column = read_column("c", pd.Series(["1", "1.0", "2", "1.00"], dtype=object), "categorical")
    assert column.values == ("1", "2")
    assert column.codes.tolist() == [0, 0, 1, 0]
    assert "the same number" in column.notes[0].what
    assert read_column("c", pd.Series(["01", "1"], dtype=object), "categorical").values == ("1", "01")


def test_dropped_leading_zeros_have_a_note() -> None:
    column = read_column("zip", pd.Series(["01234", "98765", ""], dtype=object))
    assert column.numbers[:2].tolist() == [1234.0, 98765.0]
    assert column.example == ("01234", 1234.0)
    (note,) = conversion_notes([column])
    assert note.what == "Column 'zip': '01234' is read as 1234."
    assert note.fix.endswith("set dataset.types.zip to categorical.")
    for plain in ("0", "0.5", "-0.5", "10", ".5", "1e05"):
        assert read_column("x", pd.Series([plain, "1"], dtype=object)).example is None, plain

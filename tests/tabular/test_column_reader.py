"""Types of columns: numeric, categorical and text."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.spec import ColumnType
from mtl_core.tabular.column import Column, parse_number
from mtl_core.tabular.column_reader import read_column


def column(*cells: object, column_type: ColumnType | None = None) -> Column:
    return read_column("c", pd.Series(list(cells), dtype=object), column_type)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("12", 12.0),
        ("-1.5e3", -1500.0),
        ("1,234", 1234.0),
        ("1,234,567.5", 1234567.5),
        ("12 345", 12345.0),
        ("1\u00a0234", 1234.0),
        ("1'234", 1234.0),
        ("1,23", None),
        ("1,234 567", None),
        ("1_000", None),
        ("12km", None),
        ("0x1A", None),
        ("True", None),
    ],
)
def test_what_counts_as_a_number(cell: str, value: float | None) -> None:
    assert parse_number(cell) == value


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e29, max_value=1e29))
def test_a_number_written_out_is_read_back(value: float) -> None:
    assert parse_number(repr(value)) == value


@given(st.integers(-(10**15), 10**15))
def test_a_number_grouped_in_thousands_is_read_back(value: int) -> None:
    assert parse_number(f"{value:,}") == value


@pytest.mark.parametrize("cell", ["", "  ", "NA", "n/a", "NaN", "NULL", "None", "?", "-", None, float("nan")])
def test_what_counts_as_missing(cell: object) -> None:
    assert column("x", "y", "x", cell).present.tolist() == [True, True, True, False]


def test_infinite_and_huge_numbers_are_missing_with_a_note() -> None:
    read = column("1", "inf", "-inf", "1e31", "1e999", "2")
    assert read.type == "numeric"
    assert np.isfinite(read.numbers).tolist() == [True, False, False, False, False, True]
    assert "4 infinite or huge numbers" in str(read.notes[0])


def test_a_few_cells_that_are_no_numbers_do_not_make_a_column_categorical() -> None:
    read = column(*map(str, range(40)), "twelve")
    assert read.type == "numeric"
    assert [note.what for note in read.notes] == [
        "Column 'c': 1 cell that is not a number counts as missing ('twelve')."
    ]
    assert read.notes[0].count == 1


@pytest.mark.parametrize("cells", [("yes", "no"), ("True", "False"), (True, False), ("a1", "b2")])
def test_words_and_booleans_are_categories(cells: tuple[object, ...]) -> None:
    assert column(*cells).type == "categorical"


def test_whole_numbers_with_few_values_are_numeric_unless_the_type_is_stated() -> None:
    assert column("1", "2", "1").type == "numeric"
    assert column("1", "2", "1", column_type="categorical").type == "categorical"


def test_values_are_sorted_and_numbers_by_size() -> None:
    assert column("10", "9", "1", column_type="categorical").values == ("1", "9", "10")
    assert column("10", "9.0", "1.5").values == ("1.5", "9", "10")
    assert column("b", "a", "B").values == ("B", "a", "b")


def test_cells_are_trimmed_and_composed_before_they_are_compared() -> None:
    read = column(" 서울", "서울 ", "\u1109\u1165\u110b\u116e\u11af")
    assert read.values == ("서울",)
    assert read.codes.tolist() == [0, 0, 0]


def test_typed_columns_are_read_like_their_text() -> None:
    typed = read_column("c", pd.Series([1, 2, 3], dtype="Int64").where([True, False, True]))
    assert typed.type == "numeric"
    assert typed.values == ("1", "3")
    assert read_column("c", pd.Series([True, False])).values == ("False", "True")
    assert read_column("c", pd.Series([1, 3, 1]), "categorical").values == ("1", "3")
    assert column([1], [2], [1]).values == ("[1]", "[2]")

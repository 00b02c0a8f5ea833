"""Plain text is read by Arrow exactly as by the general parser, and numbers in it as by Python."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mtl_core.spec import InputError
from mtl_core.tabular.cells import CellRules
from mtl_core.tabular.column import Column
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.readers.delimited_text import _parse_cells
from mtl_core.tabular.readers.plain_text import read_plain_text

_PIECES = (
    "a",
    "서울",
    "1",
    "-2.5",
    "",
    " ",
    "\t",
    '"',
    "'",
    "\r",
    "\n",
    "\r\n",
    "\0",
    "\x0b",
    "\x85",
    "é",
    "#",
    "\\",
    "NA",
)
CELL = st.lists(st.sampled_from(_PIECES), max_size=2).map("".join)
NUMBER = st.one_of(
    st.sampled_from(
        (
            *("", "0", "-0", "00", "01", "0.10", "+1", "1.", ".5", ".", "-", "1e5", "1E-05", "1e999", "1_0", "nan"),
            *("NaN", "inf", "-Infinity", "nan(1)", "0x1p3", " 1", "1 ", "\uff11", "NA", "9007199254740993", "1,5", "x"),
            *("1e-400", "1d5", "\n1"),
        )
    ),
    st.floats().map(repr),
    st.integers(-(10**20), 10**20).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
@example([["a", "b"], ["", "\t"]], ",", "\n")
@example([["a", "b"], ["", ""], ["\n", "1"]], "\t", "\r\n")
def test_text_that_counts_as_plain_has_the_cells_of_the_general_parser(
    rows: list[list[str]], delimiter: str, end: str
) -> None:
    text = end.join(delimiter.join(row) for row in rows)
    plain = read_plain_text(text.encode(), delimiter)
    if plain is None:
        return
    general = _parse_cells(text, delimiter, 1)
    assert list(plain.columns) == [str(cell) for cell in general.iloc[0]]
    assert plain.astype(object).to_numpy().tolist() == general.iloc[1:].to_numpy().tolist()


def test_a_plain_table_is_read_by_arrow_and_any_other_is_not() -> None:
    assert read_plain_text(b"a,b\n1,2\n", ",") is not None
    for content in (b'a,b\n"1",2\n', b"a,b\n1, 2\n", b"a,b\n1\n", b"a,b\n1,2,3\n", b"a\n1\n", b"a,b\r1,2\r", b"a,b"):
        assert read_plain_text(content, ",") is None


def _parts(column: Column) -> tuple[object, ...]:
    numbers = [repr(number) for number in column.numbers.tolist()]
    return column.type, numbers, column.text.tolist(), column.texts, column.notes, column.format, column.missing


@given(st.lists(NUMBER, min_size=1, max_size=5))
@example(["1", "nan", ""])
@example(["0", "-0", ""])
def test_numbers_are_those_that_python_reads(texts: list[str]) -> None:
    arrow = read_column("x", pd.Series(texts, dtype="string[pyarrow]").astype(pd.ArrowDtype(_string_type())))
    plain = read_column("x", pd.Series(texts, dtype=object))
    assert _parts(arrow) == _parts(plain)
    try:
        values = np.array([text or "nan" for text in texts], object).astype(np.float64)
    except ValueError:
        return
    joined = "\n".join(texts)
    is_simple = joined.isascii() and "_" not in joined and not any(text.lstrip(" +-\n")[:2].isdigit() for text in texts)
    if is_simple and plain.type == "numeric" and (np.abs(values[np.isfinite(values)]) < 1e30).all():
        finite = np.isfinite(values)
        assert plain.numbers[finite].tobytes() == values[finite].tobytes()


def _string_type() -> object:
    import pyarrow as pa

    return pa.string()


def test_a_stated_decimal_comma_holds_for_plain_numbers_too() -> None:
    cells = pd.Series(["1,5", "2"], dtype=pd.ArrowDtype(_string_type()))  # type: ignore[arg-type]
    assert read_column("x", cells, rules=CellRules(decimal=",")).numbers.tolist() == [1.5, 2.0]


def test_a_row_that_is_too_long_has_the_message_of_the_general_parser() -> None:
    from mtl_core.tabular.readers.table_file import read_bytes

    with pytest.raises(InputError, match="line 3 has 3 cells, the header has 2"):
        read_bytes(b"a,b\n1,2\n3,4,5\n", "a.csv")

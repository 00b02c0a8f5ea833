"""Delimited text: lines above the table, and tables without a header.

Covers: mtl_core/tabular/readers/text_layout.py, mtl_core/tabular/readers/header_row.py.
"""

import pytest

from mtl_core.spec import InputError
from mtl_core.tabular.readers.table_file import read_bytes, read_table_content
from mtl_core.tabular.readers.table_format import FileContent, RawTable

TABLE = "a;b\n1;2\n3;4\n5;6\n"


def read(text: str, header: bool | None = None, delimiter: str | None = None) -> RawTable:
    return read_table_content(FileContent(text.encode(), "a.csv", delimiter, header=header))


@pytest.mark.parametrize("title", ["Sales of 2026\n", "# one - two\n# three\n\n", '"a title\nof two lines"\n'])
@pytest.mark.parametrize("delimiter", [None, ";"])
def test_lines_above_the_table_are_left_out_and_named(title: str, delimiter: str | None) -> None:
    raw = read(title + TABLE, delimiter=delimiter)
    assert raw.frame.columns.tolist() == ["a", "b"]
    assert raw.frame.to_numpy().tolist() == [["1", "2"], ["3", "4"], ["5", "6"]]
    (note,) = raw.notes
    assert "above the table" in note.what
    assert f"line {title.count(chr(10)) + 1}." in note.what


def test_the_lines_of_messages_count_those_above_the_table() -> None:
    with pytest.raises(InputError, match="line 25 has 3 cells, the header has 2"):
        read("Title\n" + TABLE + "1;2\n" * 19 + "7;8;9\n" + "1;2\n" * 40)


def test_a_text_of_single_cells_is_no_table() -> None:
    with pytest.raises(InputError, match="only one column"):
        read("a\n1\n2\n3\n")


def test_a_first_row_of_numbers_is_the_header_unless_numbers_repeat() -> None:
    named, numbered = read("1,2\n3,4\n"), read("5,0,0\n4,0,1\n")
    assert named.frame.columns.tolist() == ["1", "2"]
    assert "dataset.header" in named.notes[0].fix
    assert numbered.frame.columns.tolist() == ["column 1", "column 2", "column 3"]
    assert numbered.frame.to_numpy().tolist() == [["5", "0", "0"], ["4", "0", "1"]]
    assert "taken as a row" in numbered.notes[0].what


def test_whether_there_is_a_header_can_be_stated() -> None:
    assert read("a,b\nc,d\n", header=False).frame.to_numpy().tolist() == [["a", "b"], ["c", "d"]]
    assert read('a,"b"\nc,d\n', header=False).frame.to_numpy().tolist() == [["a", "b"], ["c", "d"]]
    with pytest.raises(InputError, match="a name of its own"):
        read("5,0,0\n4,0,1\n", header=True)


def test_a_table_without_quotation_marks_says_how_it_was_read() -> None:
    assert read_bytes(b"a\tb\r\n1\t2\r\n", "a.tsv").description == "tab-separated text, utf-8"

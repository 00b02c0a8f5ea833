"""Excel and OpenDocument workbooks."""

import contextlib
import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest

from mtl_core.spec import InputError
from mtl_core.tabular.readers import workbook_archive
from mtl_core.tabular.readers.table_file import read_bytes, read_table_content
from mtl_core.tabular.readers.table_format import FileContent, RawTable
from tests.workbooks import (
    Cell,
    archive,
    binary_workbook,
    cell,
    document_cell,
    error_cell,
    number_cell,
    old_workbook,
    open_document,
    sheet_rows,
    text_cell,
    workbook,
)

HOMES = sheet_rows([["area", "city", "sold"], [84.5, "서울", True], [59, None, False], [None, "부산", True]])


def read(data: bytes, name: str = "homes.xlsx") -> RawTable:
    return read_bytes(data, name)


def notes_of(raw: RawTable) -> str:
    return " ".join(map(str, raw.notes))


def row(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def test_cells_are_typed_and_empty_ones_missing() -> None:
    frame = read(workbook({"Homes": HOMES})).frame
    assert list(frame.columns) == ["area", "city", "sold"]
    assert frame["area"].dtype == np.float64
    np.testing.assert_array_equal(frame["area"], [84.5, 59, np.nan])
    assert frame["city"].tolist() == ["서울", None, "부산"]
    assert frame["sold"].tolist() == [True, False, True]


def test_dates_times_and_durations_are_typed() -> None:
    rows = sheet_rows([["day", "moment", "time"]]) + row(
        2, number_cell("A2", 44000, "date"), number_cell("B2", 44000.5, "moment"), number_cell("C2", 0.75, "time")
    )
    rows += row(3, number_cell("A3", 44001.25, "moment"), "", number_cell("C3", 1.5, "duration"))
    frame = read(workbook({"a": rows})).frame
    assert frame["day"].tolist() == [pd.Timestamp("2020-06-18"), pd.Timestamp("2020-06-19 06:00")]
    assert frame["moment"].dtype == "datetime64[us]"
    assert frame["moment"].isna().tolist() == [False, True]
    assert [gap.total_seconds() / 3600 for gap in frame["time"]] == [18, 36]


def test_a_column_of_several_types_is_text_as_in_a_csv_file() -> None:
    cells = [["a", "b"], [1, "x"], ["n/a", 2.5], [2.25, True], [None, "y"]]
    assert read(workbook({"a": sheet_rows(cells)})).frame["a"].tolist() == ["1", "n/a", "2.25", None]
    assert read(workbook({"a": sheet_rows(cells)})).frame["b"].tolist() == ["x", "2.5", "True", "y"]


def test_a_formula_is_read_by_its_saved_value() -> None:
    rows = sheet_rows([["a", "b"]]) + row(2, number_cell("A2", 2.5, formula="1+1.5"), text_cell("B2", "x"))
    assert read(workbook({"a": rows})).frame["a"].tolist() == [2.5]


def test_cells_with_errors_are_missing_and_noted() -> None:
    rows = sheet_rows([["a", "b"], [1, 2]])
    rows += row(3, error_cell("A3", "#DIV/0!"), cell("B3", 1)) + row(4, error_cell("A4"), error_cell("B4"))
    raw = read(workbook({"a": rows}))
    np.testing.assert_array_equal(raw.frame["a"], [1, np.nan])  # the last row has nothing left in it
    assert "3 cells with an error count as missing (#N/A in 2, #DIV/0! in 1)" in notes_of(raw)


def test_errors_of_another_sheet_are_not_counted() -> None:
    assert "error" not in notes_of(read(workbook({"a": HOMES, "b": row(1, error_cell("A1"))})))


def test_a_table_may_stand_anywhere_in_the_sheet_with_gaps() -> None:
    rows = row(4, text_cell("C4", "a"), text_cell("E4", "b"))
    rows += row(5, cell("C5", 1), cell("E5", 2)) + row(9, cell("C9", 3), cell("E9", 4))
    frame = read(workbook({"a": rows})).frame
    assert frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_an_unnamed_column_with_cells_is_kept() -> None:
    frame = read(workbook({"a": sheet_rows([["a", None, "c"], [1, 2, 3]])})).frame
    assert list(frame.columns) == ["a", "column 2", "c"]


def test_merged_cells_keep_the_first_value_and_are_noted() -> None:
    rows = sheet_rows([["a", "b"], ["x", 1], [None, 2]])
    raw = read(workbook({"a": rows}, merged=["A2:A3"]))
    assert raw.frame["a"].tolist() == ["x", None]
    assert "1 area of merged cells has a value in the first cell only" in notes_of(raw)


def test_the_first_visible_sheet_with_cells_is_read_and_noted() -> None:
    other = sheet_rows([["x", "y"], [1, 2]])
    raw = read(workbook({"empty": "", "notes": other, "homes": HOMES, "more": other}, hidden=["notes"]))
    assert list(raw.frame.columns) == ["area", "city", "sold"]
    assert "The workbook has 4 sheets; the first with a table is read, 'homes'" in notes_of(raw)
    assert raw.description == "sheet 'homes' of a workbook"


def test_a_sheet_of_one_column_stands_back_behind_one_with_a_table() -> None:
    remarks = sheet_rows([["Homes of 2023"], ["Ask the office."]])
    raw = read(workbook({"Read me": remarks, "homes": HOMES}))
    assert (raw.sheet, raw.sheets) == ("homes", ("Read me", "homes"))
    assert list(raw.frame.columns) == ["area", "city", "sold"]


def test_rows_of_one_cell_above_the_table_are_left_out_and_noted() -> None:
    rows = row(1, text_cell("A1", "Homes of 2023")) + row(3, text_cell("B3", "in Seoul and Busan"))
    rows += sheet_rows([["area", "city"], [84.5, "서울"], [59, None], [70, "부산"], *[[60, "서울"]] * 20], first=5)
    raw = read(workbook({"homes": rows}, merged=["A1:B1"]))
    assert list(raw.frame.columns) == ["area", "city"]
    assert raw.frame["area"].dtype == np.float64
    assert "2 rows above the table are left out ('Homes of 2023'); the column names are in row 5" in notes_of(raw)
    assert "merged" not in notes_of(raw)


def test_rows_of_one_cell_above_other_rows_of_one_cell_are_no_title() -> None:
    raw = read(workbook({"a": sheet_rows([["notes", None], ["x", None], ["y", 1], ["z", None]])}))
    assert raw.frame["notes"].tolist() == ["x", "y", "z"]


def test_a_hidden_sheet_is_read_where_no_other_has_cells() -> None:
    raw = read(workbook({"empty": "", "homes": HOMES}, hidden=["homes"]))
    assert raw.description == "sheet 'homes' of a workbook"


def test_column_names_that_are_numbers_are_noted_as_in_a_csv_file() -> None:
    raw = read(workbook({"a": sheet_rows([[2020, 2021.5], [1, 2]])}))
    assert list(raw.frame.columns) == ["2020", "2021.5"]
    assert "only numbers" in notes_of(raw)


def test_an_open_document_is_read() -> None:
    header = "".join(map(document_cell, ("a", "b", "c")))
    cells = document_cell(1.5) + '<table:table-cell office:value-type="date" office:date-value="2024-01-02"/>'
    failed = (
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" '
        'calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>'
    )
    rows = [header, cells + failed, document_cell(2) + "<table:table-cell/>" + document_cell("x")]
    rest = (
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/>'
    )
    data = open_document(
        "".join(f"<table:table-row>{cells_of_row}</table:table-row>" for cells_of_row in rows)
        + f"{rest}</table:table-row>"
    )
    raw = read(data, "homes.ods")
    assert raw.frame["a"].tolist() == [1.5, 2]
    assert raw.frame["b"].tolist() == [pd.Timestamp("2024-01-02"), pd.NaT]
    assert raw.frame["c"].tolist() == [None, "x"]
    assert "1 cell with an error counts as missing (#DIV/0! in 1)" in notes_of(raw)


@pytest.mark.parametrize("rows", ["", row(1), row(1, text_cell("A1", ""))])
def test_a_workbook_without_cells_is_refused(rows: str) -> None:
    with pytest.raises(InputError, match=r"no sheet of the workbook has cells; found homes\.xlsx"):
        read(workbook({"a": rows}))


def test_one_column_or_a_header_alone_is_refused() -> None:
    with pytest.raises(InputError, match="has only one column; found a"):
        read(workbook({"a": sheet_rows([["a"], [1]])}))
    with pytest.raises(InputError, match="has column names and no rows; found a, b"):
        read(workbook({"a": sheet_rows([["a", "b"]])}))


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.95, 0.99])
def test_a_truncated_workbook_is_refused(share: float) -> None:
    data = workbook({"a": HOMES})
    with pytest.raises(InputError, match=r"^dataset.path: is not a whole workbook .*found homes.xlsx"):
        read(data[: max(int(len(data) * share), 5)])


def test_damaged_bytes_give_a_table_or_one_error() -> None:
    rng = np.random.default_rng(0)
    data = workbook({"a": HOMES})
    for _ in range(100):
        damaged = bytearray(data)
        damaged[int(rng.integers(4, len(data)))] ^= int(rng.integers(1, 256))
        with contextlib.suppress(InputError):  # any other exception, or a crash, fails
            assert len(read(bytes(damaged)).frame.columns) >= 2


def test_damaged_parts_give_a_table_or_one_error() -> None:
    rng = np.random.default_rng(1)
    with zipfile.ZipFile(io.BytesIO(workbook({"a": HOMES, "b": HOMES}, merged=["A2:A3"]))) as whole:
        parts = {name: whole.read(name).decode() for name in whole.namelist()}
    for _ in range(150):
        name = list(parts)[int(rng.integers(len(parts)))]
        place, length = int(rng.integers(len(parts[name]))), int(rng.integers(1, 30))
        text = parts[name][:place] + parts[name][place + length :]
        with contextlib.suppress(InputError):
            assert len(read(archive({**parts, name: text})).frame.columns) >= 2


def test_an_old_workbook_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"is not a whole workbook .*found a.xls"):
        read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), "a.xls")


def test_an_encrypted_workbook_is_refused() -> None:
    """Of one, a compound file, the name of a stream says so; of an archive, the flags of its parts."""
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)
    with pytest.raises(InputError, match=r"encrypted with a password; found homes\.xlsx\. Save it"):
        read(compound)
    flagged = bytearray(workbook({"a": HOMES}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = flagged.find(mark)
        while place >= 0:
            flagged[place + offset] |= 1
            place = flagged.find(mark, place + 1)
    with pytest.raises(InputError, match="the workbook is encrypted with a password"):
        read(bytes(flagged))
    with pytest.raises(InputError, match="the workbook is encrypted with a password"):
        read(open_document("", encrypted=True))


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    with pytest.raises(InputError, match=r"must be CSV, Excel.*this is an archive; found a\.zip"):
        read(archive({"a.csv": "a,b\n1,2\n"}), "a.zip")


@pytest.mark.parametrize("last", ["XFD1048576", "xfd1048576", "B1048576000"])
def test_a_sheet_that_would_fill_the_memory_is_refused_before_it_is_read(last: str) -> None:
    rows = row(1, text_cell("A1", "a")) + row(1_048_576, text_cell(last, "b"))
    with pytest.raises(InputError, match=r"has a sheet of \d+ rows and \d+ columns, more than 30000000 cells"):
        read(workbook({"a": rows}))


def test_a_row_with_a_number_whose_cells_have_no_position_counts() -> None:
    wide = row(1, text_cell("A1", "a"), text_cell("ZZ1", "b"))
    for cells in (
        "<c><v>1</v></c>",
        '<c t="n"><v>1</v></c>',
        '<x:c xmlns:x="u"><v>1</v></x:c>',
        "<c q='>'><v>1</v></c>",
    ):
        with pytest.raises(InputError, match="has a sheet of 1048576 rows and 702 columns"):
            read(workbook({"a": f'{wide}<row r="1048576">{cells}</row>'}))


def test_cells_without_a_position_are_counted() -> None:
    rows = f"<row>{'<c><v>1</v></c>' * 100}</row>" + '<row r="1000000"><c><v>1</v></c></row>'
    with pytest.raises(InputError, match="has a sheet of 1000000 rows and 100 columns"):
        read(workbook({"a": rows}))


def test_a_position_behind_a_quoted_bracket_is_read() -> None:
    rows = row(1, text_cell("A1", "a")) + """<row r='9'><c q=">" r = 'XFD1048576'><v>1</v></c></row>"""
    with pytest.raises(InputError, match="has a sheet of 1048576 rows and 16384 columns"):
        read(workbook({"a": rows}))


def test_a_long_sheet_that_is_narrow_and_a_wide_one_that_is_short_are_read() -> None:
    long = row(1, text_cell("A1", "a"), text_cell("B1", "b")) + row(1_000_000, cell("A1000000", 1), cell("B1000000", 2))
    assert len(read(workbook({"a": long})).frame) == 1
    wide = row(1, text_cell("A1", "a"), text_cell("XFD1", "b")) + row(2, cell("A2", 1), cell("XFD2", 2))
    assert read(workbook({"a": wide})).frame.to_dict("list") == {"a": [1], "b": [2]}


def test_formats_of_empty_cells_do_not_make_a_sheet_large() -> None:
    rows = HOMES + '<row r="1048576" ht="3"><c r="XFD1048576" s="1"/></row>'
    assert len(read(workbook({"a": rows})).frame) == 3


@pytest.mark.parametrize(
    "rows",
    [
        '<table:table-row table:number-rows-repeated="1048576">' + document_cell("a", 16384) + "</table:table-row>",
        "<table:table-row>" + document_cell("a") + "</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell/></table:table-row>'
        '<table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
        + document_cell(1)
        + "</table:table-row>",
    ],
)
def test_an_open_document_that_would_fill_the_memory_is_refused(rows: str) -> None:
    with pytest.raises(InputError, match="more than 30000000 cells"):
        read(open_document(rows), "a.ods")


def test_parts_that_inflate_too_far_are_refused_before_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    data = archive({"xl/workbook.xml": "", "xl/sharedStrings.xml": " " * 3_000_000})
    monkeypatch.setattr(workbook_archive, "MAX_BYTES", 1 << 21)
    monkeypatch.setattr(zipfile.ZipFile, "read", None)
    with pytest.raises(InputError, match=r"the workbook inflates to .* GiB"):
        read(data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_parts_of_one_name_inflate_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    content = io.BytesIO(archive({"xl/workbook.xml": ""}))
    monkeypatch.setattr(workbook_archive, "MAX_BYTES", 1 << 21)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as file:
        for _ in range(3):
            file.writestr("xl/sharedStrings.xml", " " * 1_000_000)
    with pytest.raises(InputError, match="the workbook inflates to"):
        read(content.getvalue())


def test_a_part_that_is_larger_than_it_claims_is_refused() -> None:
    data = bytearray(archive({"xl/workbook.xml": "", "xl/sharedStrings.xml": " " * 3_000_000}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.rfind(mark) + offset, 1000)
    with pytest.raises(InputError, match="is not a whole workbook"):
        read(bytes(data))


def test_text_that_is_called_a_workbook_is_read_as_text() -> None:
    assert read(b"a\tb\n1\t2\n", "export.xls").description == "tab-separated text, utf-8"


def test_a_binary_workbook_is_read() -> None:
    raw = read(binary_workbook({0: {0: "a", 1: "b"}, 1: {0: 1.5, 1: "서울"}, 2: {0: None, 1: "y"}}), "homes.xlsb")
    np.testing.assert_array_equal(raw.frame["a"], [1.5, np.nan])
    assert raw.frame["b"].tolist() == ["서울", "y"]


def test_a_binary_workbook_that_would_fill_the_memory_is_refused() -> None:
    data = binary_workbook({0: {0: "a", 1: "b"}, 1_048_575: {16_383: 1.0}})
    with pytest.raises(InputError, match="has a sheet of 1048576 rows and 16384 columns"):
        read(data, "homes.xlsb")


def test_an_old_workbook_is_read() -> None:
    cells: dict[tuple[int, int], Cell] = {(0, 0): "a", (0, 1): "b", (0, 2): "c"}
    cells |= {(1, 0): 1.5, (1, 1): "서울", (1, 2): True, (2, 0): None, (2, 1): "y", (2, 2): False}
    raw = read(old_workbook(cells), "homes.xls")
    np.testing.assert_array_equal(raw.frame["a"], [1.5, np.nan])
    assert raw.frame.drop(columns="a").to_dict("list") == {"b": ["서울", "y"], "c": [True, False]}


def test_a_sheet_can_be_named() -> None:
    data = workbook({"Homes": HOMES, "More": sheet_rows([["x", "y"], [1, 2]]), "None": ""})
    raw = read_table_content(FileContent(data, "a.xlsx", sheet="More"))
    assert raw.frame.to_numpy().tolist() == [[1, 2]]
    assert raw.notes == ()
    with pytest.raises(InputError, match=r"dataset\.sheet: the workbook has no such sheet; found 'Mor'.*'More'"):
        read_table_content(FileContent(data, "a.xlsx", sheet="Mor"))
    with pytest.raises(InputError, match="the sheet has no cells"):
        read_table_content(FileContent(data, "a.xlsx", sheet="None"))


def test_a_sheet_without_a_header_has_numbered_columns() -> None:
    data = workbook({"a": sheet_rows([[1, 2], [3, 4]])})
    raw = read_table_content(FileContent(data, "a.xlsx", header=False))
    assert raw.frame.columns.tolist() == ["column 1", "column 2"]
    assert raw.frame.to_numpy().tolist() == [[1, 2], [3, 4]]

"""Tables written as CSV, Excel, Parquet, and as Arrow of which any row is read."""

import importlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.tabular import table_files
from mtl_core.tabular.readers.table_file import read_file
from mtl_core.tabular.table_files import StoredTable, check_table_file, store_table, write_table

HEADER = ("row", "kind", "size", "none")
ROWS = [[1, "=a", 0.1 + 0.2, ""], [2, "", "", ""], [3, "née", -1e300, ""]]


def test_csv_blanks_missing_cells_and_escapes_formulas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert write_table(path, HEADER, [*ROWS, [4, None, None, None]]) == 4
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines == ["row,kind,size,none", "1,'=a,0.3,", "2,,,", "3,née,-1e+300,", "4,,,"]
    assert write_table(tmp_path / "a.other", HEADER, ROWS) == 3
    assert (tmp_path / "a.other").read_text(encoding="utf-8").startswith("row,kind")


def test_parquet_keeps_types_and_all_digits(tmp_path: Path) -> None:
    assert write_table(tmp_path / "a.PARQUET", HEADER, ROWS) == 3
    frame = pd.read_parquet(tmp_path / "a.PARQUET")
    assert frame["row"].tolist() == [1, 2, 3]
    assert frame["size"][0] == 0.1 + 0.2
    assert frame["kind"].isna().tolist() == [False, True, False]
    assert frame["none"].isna().all()
    assert write_table(tmp_path / "empty.parquet", HEADER, []) == 0
    assert list(pd.read_parquet(tmp_path / "empty.parquet")) == list(HEADER)


def test_excel_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("xlsxwriter")
    path = tmp_path / "a.xlsx"
    assert write_table(path, HEADER, ROWS) == 3
    frame = read_file(str(path)).frame
    assert frame["kind"].tolist()[0] == "=a"
    assert float(frame["size"][0]) == pytest.approx(0.3, rel=1e-15)
    monkeypatch.setattr(table_files, "_EXCEL_ROWS", 3)
    with pytest.raises(InputError, match="Excel has room for 2 rows"):
        write_table(path, HEADER, ROWS)
    monkeypatch.setattr(table_files, "_EXCEL_COLUMNS", 3)
    with pytest.raises(InputError, match="Excel has room for 3 columns"):
        write_table(path, HEADER, ROWS)
    assert len(read_file(str(path)).frame) == 3  # the old one


def test_excel_without_its_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *rest: Any) -> Any:
        if name == "xlsxwriter":
            raise ImportError(f"No module named {name!r}")
        return importlib.import_module(name, *rest)

    monkeypatch.setattr(table_files, "import_module", refuse)
    check_table_file(tmp_path / "a.csv")
    with pytest.raises(EnvironmentFault, match=r"mtl-workbench\[excel\]"):
        check_table_file(tmp_path / "a.xlsx")


def test_a_stored_table_reads_any_row(tmp_path: Path) -> None:
    path = tmp_path / "a.arrow"
    rows = [[i, "x" if i % 2 else "", i / 3 if i > 5000 else ""] for i in range(10_000)]
    assert store_table(path, ("row", "text", "number"), rows) == 10_000
    table = StoredTable(path)
    assert (len(table), table.header) == (10_000, ("row", "text", "number"))
    for row in (0, 4095, 4096, 8191, 8192, 9999):
        assert [table.cell(row, column) for column in range(3)] == [None if cell == "" else cell for cell in rows[row]]
    assert [["" if cell is None else cell for cell in row] for row in table.rows()] == rows
    with pytest.raises(InputError, match="cannot be read"):
        StoredTable(tmp_path / "none.arrow")

"""New rows are read from files like those of the training rows."""

from pathlib import Path

import pytest

from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.datasets.preparation import load
from mtl_core.errors import InputError
from mtl_core.spec import RegressionTask, TableDataset
from tests.workbooks import sheet_rows, workbook


def test_new_rows_are_those_of_the_sheet_that_was_trained_on(tmp_path: Path) -> None:
    other = sheet_rows([["x", "z"], *([i, 0] for i in range(3))])
    rows = sheet_rows([["x", "y"], *([i, 2 * i] for i in range(20))])
    book, wrong = tmp_path / "book.xlsx", tmp_path / "wrong.xlsx"
    book.write_bytes(workbook({"Other": other, "Rows": rows}))
    wrong.write_bytes(workbook({"Other": other}))
    dataset = TableDataset(path=str(book), sheet="Rows", inputs=("x",))
    fitted = load(dataset, (RegressionTask(name="y", target="y"),)).preprocessing
    assert len(read_new_rows(str(book), fitted)) == 20
    with pytest.raises(InputError, match=r"wrong\.xlsx.*no such sheet"):
        read_new_rows(str(wrong), fitted)

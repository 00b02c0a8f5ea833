"""CSV files that a spreadsheet may open."""

import csv
from pathlib import Path

import pytest

from mtl_core.csv_file import escape_cell, write_csv

TEXTS = ("=1+1", "+1+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''=1", "＝1", "-", "plain", "'quoted'")


def test_a_text_is_no_formula_and_may_have_an_apostrophe_before_it() -> None:
    cells = [escape_cell(text) for text in TEXTS]
    assert all(cell[0] not in "=+-@\t\r＝" for cell in cells)
    assert all(cell in (text, f"'{text}") for cell, text in zip(cells, TEXTS, strict=True))
    assert len(set(cells)) == len(TEXTS)  # each can be told from the others


@pytest.mark.parametrize("value", [-1.5, 3, "-1.5", "+2", "-1e-05", "-inf", "nan"])
def test_numbers_are_written_as_they_are(value: object) -> None:
    assert escape_cell(value) == value


def test_a_file_has_one_line_end_and_header_and_cells_are_made_safe(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    assert write_csv(file, ("+task", "value"), [("=x", -1.5), ("y", float("nan"))]) == 2
    assert file.read_bytes() == b"'+task,value\n'=x,-1.5\ny,nan\n"
    with file.open(encoding="utf-8", newline="") as read:
        assert next(csv.reader(read)) == ["'+task", "value"]

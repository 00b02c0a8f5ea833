"""From a run trained by clicking to a file of new rows, and a table of predictions in Parquet."""

from pathlib import Path

import pandas as pd
import pytest

from app.navigation import Page
from mtl_core.store import RunStore
from tests.e2e.conftest import OpenWindow

HOUSES = Path(__file__).parents[2] / "resources" / "samples" / "houses.csv"


@pytest.mark.slow
def test_a_file_of_new_rows_becomes_a_table_in_parquet(
    open_window: OpenWindow, store: RunStore, tmp_path: Path
) -> None:
    lines = HOUSES.read_text(encoding="utf-8").splitlines()[:9]
    lines[4] += ",too,many"
    (tmp_path / "new.csv").write_text("\n".join(lines), encoding="utf-8")
    person = open_window()
    person.click("run")
    person.wait(lambda: store.runs() and store.runs()[0].has_ended, "the run to end")
    person.page(Page.PREDICT)
    person.reads("predict-model", "Run 1")
    person.drop_file("predict-file", tmp_path / "new.csv")
    person.reads("predict-columns", "Used: ", "Left over: ")
    person.click("predict-start")
    person.reads("predict-summary", "7 of 8 rows predicted")
    shown = person.cells("predict-table")
    out = tmp_path / "out.parquet"
    with person.name_file(out):
        person.click("predict-save")
    person.wait(out.exists, "the file")
    saved = pd.read_parquet(out)
    assert list(saved) == shown[0]
    assert saved["row"].tolist() == list(range(1, 9))
    assert saved["price.predicted"].isna().tolist() == [row == 4 for row in range(1, 9)]
    for row, cells in enumerate(shown[1:]):
        predicted = saved["price.predicted"][row]
        assert cells[1] == ("—" if pd.isna(predicted) else f"{predicted:.6g}")

    person.choose_tab("predict-tabs", "One row")
    person.find("predict-outcome-price")
    person.type_over("predict-number-area", "200")
    person.reads("predict-value-price", "against the start")

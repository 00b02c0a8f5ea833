"""The verb ``predict`` for new rows: formats, intervals, one row, and what it refuses.

Covers: mtl_core/cli/predict_verb.py, mtl_core/protocol/predictions.py, mtl_core/runner/new_row_questions.py.
"""

import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mtl_core.protocol.questions import (
    FileColumnsQuestion,
    PredictFileQuestion,
    PredictionFormQuestion,
    PredictRowQuestion,
    SaveTableQuestion,
)
from mtl_core.runner.answers import answer
from mtl_core.runner.new_row_predictions import load_model_folder, load_stored_models
from mtl_core.store import open_store
from mtl_core.tabular.table_files import StoredTable
from tests.cli.conftest import Command

SPEC = """
version: 1
dataset: {kind: table, path: data.csv, inputs: [x, color]}
tasks: [{name: y, kind: regression, target: y}, {name: k, kind: binary, target: k}]
model: {shared: [{kind: linear, out_features: 4}]}
training: {epochs: 2, device: cpu}
"""
NEW = 'color,x\nred,1.5\npink,2\nred,3,4,5\n"blue,7\nblue,6\n'


@pytest.fixture
def place(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, runs 1 and 2 trained on it, and new rows of which two cannot be read."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{i}.5,{('red', 'green', 'blue')[i % 3]},{2 * i},{'ab'[i % 2]}" for i in range(120)]
    Path("data.csv").write_text("\n".join(["x,color,y,k", *lines]), encoding="utf-8")
    Path("spec.yaml").write_text(SPEC, encoding="utf-8")
    Path("new.csv").write_text(NEW, encoding="utf-8")
    assert command("train", "spec.yaml", "--seed", 1, "--seed", 2).status == 0
    return tmp_path


def _ask(question: Any) -> Any:
    return answer(question)


@pytest.mark.parametrize("runs", [(1,), (1, 2)])
def test_verb_worker_and_row_give_the_same_numbers(command: Command, place: Path, runs: tuple[int, ...]) -> None:
    result = command("predict", *runs, "new.csv", "--interval", 0.9, "--json", "--out", "p.parquet")
    assert result.status == 0, result.err
    assert [row["row"] for row in result.json["unreadable"]] == [3, 4]
    assert "line 5 opens a quotation mark that is never closed" in result.err
    assert any("at least 90 %" in note for note in result.json["notes"])
    by_verb = pd.read_parquet("p.parquet")
    names = ["row", "y.predicted", "y.low", "y.high", "k.predicted", "k.p.a", "k.p.b"]
    assert list(by_verb) == names
    widths = (by_verb["y.high"] - by_verb["y.low"]).dropna()
    assert widths.tolist() == pytest.approx([widths[0]] * 3)
    assert widths[0] > 0

    with open_store() as store:
        url = store.url
    asked = {"store": url, "runs": runs}
    columns = _ask(FileColumnsQuestion(**asked, path="new.csv"))
    assert (columns.rows, columns.used, columns.missing, columns.left_over) == (5, ("x", "color"), (), ())
    predictions = _ask(PredictFileQuestion(**asked, path="new.csv", level=0.9, table=str(place / "t.arrow")))
    assert predictions.unreadable_count == 2
    table = StoredTable(place / "t.arrow")
    stored = [[table.cell(row, column) for column in range(7)] for row in range(5)]
    assert stored == [[None if pd.isna(cell) else cell for cell in row] for row in by_verb.values.tolist()]
    assert _ask(SaveTableQuestion(table=str(place / "t.arrow"), path=str(place / "again.parquet"))) == 5
    pd.testing.assert_frame_equal(pd.read_parquet("again.parquet"), by_verb)

    row = _ask(PredictRowQuestion(**asked, level=0.9, cells={"x": 1.5, "color": "red"}))
    assert list(row.cells) == pytest.approx(stored[0][1:])
    said = command("predict", *runs, "--row", "x=1.5", "color=red", "--interval", 0.9, "--json").json
    assert list(said["prediction"].values()) == pytest.approx(list(row.cells))
    assert load_stored_models(url, runs).interval_widths(0.9)["y"][0] == pytest.approx(widths[0] / 2)


def test_a_folder_of_models_has_the_form_and_intervals_of_its_data(command: Command, place: Path) -> None:
    assert command("export", 1, "--to", "models", "--out", "models").status == 0
    with open_store() as store:
        url = store.url
    of_run = _ask(PredictionFormQuestion(store=url, runs=(1,)))
    of_folder = _ask(PredictionFormQuestion(store="", folder="models"))
    assert of_folder == of_run
    x, color = of_run.fields
    assert (x.kind, color.kind, color.categories[0] in ("red", "green", "blue")) == ("number", "category", True)
    assert x.low < x.typical < x.high
    assert len(of_run.rows) == len(of_run.cells) == 18
    widths = load_model_folder(Path("models")).interval_widths(0.9)
    assert widths["y"] == pytest.approx(load_stored_models(url, [1]).interval_widths(0.9)["y"])

    Path("data.csv").unlink()
    alone = _ask(PredictionFormQuestion(store="", folder="models"))
    assert (alone.rows, [field.column for field in alone.fields]) == ((), ["x", "color"])
    assert alone.fields[0].low < alone.fields[0].typical < alone.fields[0].high
    said = command("predict", "models", "new.csv", "--interval", 0.9, "--out", "p.csv")
    assert (said.status, "data.csv" in said.err) == (2, True)
    assert command("predict", "models", "new.csv", "--out", "p.csv").status == 0


def test_one_row_is_printed_or_written(command: Command, place: Path) -> None:
    result = command("predict", 1, "--row", "x=4", "--row", "color=red")
    assert result.status == 0, result.err
    assert result.out.splitlines()[0].startswith("y.predicted: ")
    assert command("predict", 1, "--row", "x=4", "--out", "row.csv").status == 0
    assert len(pd.read_csv("row.csv")) == 1
    for words, status, text in (
        (("--row", "z=4"), 2, "the model does not read this column"),
        (("--row", "x"), 2, "must be COLUMN=VALUE"),
        (("--row", "x="), 2, "no input has a value"),
        (("new.csv", "--row", "x=4"), 2, "is one row, and a file has its own"),
        (("--row", "x=4", "--split", "val"), 2, "--split"),
        (("--row", "x=4", "--interval", 90), 2, "between 0 and 1"),
        (("--interval", 0.9, "--out", "s.csv"), 2, "is for new rows"),
        (("new.csv",), 2, "--out"),
        (("new.csv", "--out", "row.csv"), 2, "exists already"),
    ):
        said = command("predict", 1, *words)
        assert (said.status, text in said.err) == (status, True), said.err


def test_excel_without_its_extra_is_refused_before_any_work(
    command: Command, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    said = command("predict", 1, "new.csv", "--out", "p.xlsx")
    assert (said.status, "mtl-workbench[excel]" in said.err) == (3, True)

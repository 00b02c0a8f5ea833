"""Predictions for the rows of a file.

Covers: mtl_core/datasets/new_rows.py, mtl_core/evaluation/row_predictions.py, mtl_core/tabular/readers/long_rows.py.
"""

import csv
import errno
from pathlib import Path

import pandas as pd
import pytest

from mtl_core.tabular.readers.formats import FORMATS
from tests.cli.conftest import Command
from tests.table_files import TABLE_WRITERS

SPEC = """
version: 1
dataset: {kind: table, path: data.csv, inputs: [x, color]}
tasks: [{name: y, kind: regression, target: y}, {name: k, kind: binary, target: k}]
model: {shared: [{kind: linear, out_features: 4}]}
training: {epochs: 1, device: cpu}
"""


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def place(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a table, and runs 1 and 2 trained on it."""
    monkeypatch.chdir(tmp_path)
    lines = [f"{i}.5,{('red', 'green', 'blue')[i % 3]},{2 * i},{'ab'[i % 2]}" for i in range(60)]
    Path("data.csv").write_text("\n".join(["x,color,y,k", *lines]), encoding="utf-8")
    Path("spec.yaml").write_text(SPEC, encoding="utf-8")
    assert command("train", "spec.yaml", "--seed", 1, "--seed", 2).status == 0
    return tmp_path


def test_the_rows_of_a_split_are_predicted_alike_from_a_file_without_targets(command: Command, place: Path) -> None:
    assert command("predict", 1, "--out", "split.csv").status == 0
    of_split = _read(place / "split.csv")
    data = _read(place / "data.csv")
    rows = [data[int(row["row"]) - 1] for row in of_split]
    Path("new.csv").write_text("\n".join(["color,x", *(f"{r['color']},{r['x']}" for r in rows)]), encoding="utf-8")
    result = command("predict", 1, "new.csv", "--out", "new-p.csv")
    assert result.status == 0, result.err
    new = _read(place / "new-p.csv")
    assert list(new[0]) == ["row", "y.predicted", "k.predicted", "k.p.a", "k.p.b"]
    for old, row in zip(of_split, new, strict=True):
        assert float(row["y.predicted"]) == pytest.approx(float(old["y.predicted"]), rel=1e-6)
        assert row["k.predicted"] == old["k.predicted"]


def test_a_file_of_any_format_is_predicted_alike(command: Command, place: Path) -> None:
    rows = pd.DataFrame({"x": [4.25, None, 7.5], "color": ["red", "blue", "green"]})
    for number, table_format in enumerate(one for one in FORMATS if one.title in TABLE_WRITERS):
        file = f"new{table_format.suffixes[0]}"
        Path(file).write_bytes(TABLE_WRITERS[table_format.title](rows))
        said = command("predict", 1, file, "--out", f"p{number}.csv")
        assert said.status == 0, said.err
        assert (place / f"p{number}.csv").read_bytes() == (place / "p0.csv").read_bytes()


def test_missing_and_unknown_cells_are_said_and_a_row_without_inputs_has_no_prediction(
    command: Command, place: Path
) -> None:
    Path("new.csv").write_text("color,x\nred,1\npink,2\n,3\nblue,\n,\n", encoding="utf-8")
    result = command("predict", "study:1", "new.csv", "--out", "p.csv")
    assert result.status == 0, result.err
    for words in ("Row 4: input 'x' has no value", "median", "Row 2", "'pink'"):
        assert words in result.out
    assert "row 5: no input has a value; it has no prediction" in result.err
    assert "on 4 of 5 rows" in result.out
    rows = _read(place / "p.csv")
    assert rows[4] == {"row": "5", "y.predicted": "", "k.predicted": "", "k.p.a": "", "k.p.b": ""}
    assert all(row["y.predicted"] for row in rows[:4])


def test_a_row_that_cannot_be_read_is_listed_and_the_others_are_predicted(command: Command, place: Path) -> None:
    csv_rows = 'color,x\nred,1\n\nred,2,3,4\n"a\nb",5\nblue,6\n'
    json_rows = '{"color": "red", "x": 1}\n{"color": \n{"color": "pink", "x": 5}\n{"color": "blue", "x": 6}\n'
    for name, content, reason in (
        ("new.csv", csv_rows, "line 4 has 4 cells, the header has 2"),
        ("new.jsonl", json_rows, "line 2 is no JSON object"),
    ):
        Path(name).write_text(content, encoding="utf-8")
        result = command("predict", 1, name, "--json", "--force", "--out", "p.csv")
        assert (result.status, result.err) == (0, f"row 2: {reason}; it has no prediction\n")
        said = result.json
        assert (said["runs"], said["rows"], said["unreadable"]) == ([1], 4, [{"row": 2, "reason": reason}])
        rows = _read(place / "p.csv")
        assert [bool(row["y.predicted"]) for row in rows] == [True, False, True, True]
        assert [row["row"] for row in rows] == ["1", "2", "3", "4"]


def test_a_data_file_that_may_not_be_read_is_a_fault_of_the_environment(
    command: Command, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("new.csv").write_text("color,x\nred,1\n", encoding="utf-8")
    read_bytes = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.suffix == ".csv":
            raise OSError(errno.EIO, "Input/output error")
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    Path("data.csv").touch()  # else it is known already
    for words in (("predict", 1, "new.csv", "--out", "p.csv"), ("evaluate", 1), ("train", "spec.yaml")):
        result = command(*words)
        assert result.status == 3, result.err
        assert "cannot be read (input/output error)" in result.err


def test_a_folder_of_models_predicts_without_the_data_and_like_its_runs(command: Command, place: Path) -> None:
    Path("new.jsonl").write_text('{"x": 4, "color": "red"}\n{"x": 5, "color": "blue"}\n', encoding="utf-8")
    assert command("predict", 1, 2, "new.jsonl", "--out", "runs.csv").status == 0
    assert command("export", "study:1", "--to", "models", "--out", "models").status == 0
    Path("data.csv").unlink()
    assert command("predict", "models", "new.jsonl", "--out", "folder.csv").status == 0
    assert (place / "runs.csv").read_bytes() == (place / "folder.csv").read_bytes()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("none.csv",), "none.csv: there is no such file"),
        (("one.csv",), "one.csv: column 'color' is an input of the model"),
        (("one.csv", "--split", "val"), "--split"),
    ],
)
def test_a_file_at_fault_is_named(command: Command, place: Path, words: tuple[str, ...], expected: str) -> None:
    Path("one.csv").write_text("x\n4\n", encoding="utf-8")
    result = command("predict", 1, *words, "--out", "p.csv")
    assert result.status == 2
    assert expected in result.err
    assert not (place / "p.csv").exists()

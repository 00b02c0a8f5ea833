"""The verb ``explain``: importance, dependence and one prediction, as tables, JSON and CSV; wrong options."""

import csv
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def trained_runs(seeds_template: Path, home: Path) -> None:
    """Runs 1 and 2."""
    shutil.copytree(seeds_template, home)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_model_is_explained(command: Command, tmp_path: Path) -> None:
    printed = command("explain", 1, "--csv", tmp_path / "importance.csv")
    assert printed.status == 0, printed.err
    for text in ("species: rise of the loss", "petal length", "overlap of the shared features", "importance.csv"):
        assert text in printed.out
    data = command("explain", 1, "--json").json
    assert [task["task"] for task in data["importance"]] == ["species", "width"]
    rows = read(tmp_path / "importance.csv")
    assert len(rows) == 6
    assert float(rows[0]["importance"]) == pytest.approx(data["importance"][0]["parts"][0]["mean"])
    assert "accuracy" in command("explain", 1, "--task", "species", "--score", "accuracy", "--repeats", 2).out
    again = command("explain", 1, "--csv", tmp_path / "importance.csv")
    assert again.status == 2
    assert command("explain", 1, "--csv", tmp_path / "importance.csv", "--force").status == 0


def test_a_dependence_is_explained(command: Command, tmp_path: Path) -> None:
    options = ("--column", "petal length", "--task", "species", "--csv", tmp_path / "curve.csv")
    printed = command("explain", 1, *options)
    assert printed.status == 0, printed.err
    assert "mean prediction" in printed.out
    rows = read(tmp_path / "curve.csv")
    assert list(rows[0]) == ["petal length", "setosa", "versicolor", "virginica"]
    assert sum(float(rows[0][name]) for name in ("setosa", "versicolor", "virginica")) == pytest.approx(1.0)


def test_a_prediction_is_explained(command: Command, tmp_path: Path) -> None:
    options = ("--row", 5, "--task", "width", "--csv", tmp_path / "row.csv")
    printed = command("explain", 1, *options)
    assert printed.status == 0, printed.err
    assert "integrated gradients" in printed.out
    assert "within the tolerance" in printed.out
    data = command("explain", 1, *options[:4], "--json").json
    values = [float(row["attribution"]) for row in read(tmp_path / "row.csv")]
    assert sum(values) == pytest.approx(data["predictions"][0] - data["base"], abs=1e-3)
    assert "by occlusion" in command("explain", 1, *options[:4], "--method", "occlusion").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--row", 5), "--task: must name one of the tasks. The tasks are species, width"),
        (("--row", 5, "--column", "petal length"), "--column: is not combined with --row"),
        (("--method", "occlusion"), "--method: is of one prediction; found occlusion. Add --row N"),
        (("--row", 5, "--task", "width", "--repeats", 3), "--repeats: is of the importance of all columns"),
        (("--output", "setosa"), "--output: is of one task's prediction"),
        (("--column", "petal", "--task", "width"), "must be a column that the model reads from a table; found petal"),
        (("--score", "accuracy"), "is no metric of task 'width'; found accuracy"),
        (("--force",), "--force: overwrites the file of --csv"),
        (("--row", 9999, "--task", "width"), "row: no split has this row"),
    ],
)
def test_wrong_options_are_refused(command: Command, options: tuple[object, ...], message: str) -> None:
    result = command("explain", 1, *options)
    assert result.status == 2
    assert message in result.err

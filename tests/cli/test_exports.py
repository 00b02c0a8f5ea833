"""The verbs ``export`` and ``import``: which runs are taken, and what they print.

Covers: mtl_core/cli/imports.py.
"""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from tests.cli.conftest import Command


@pytest.fixture(autouse=True)
def trained_runs(seeds_template: Path, home: Path) -> None:
    """Runs 1 and 2: two seeds of one study."""
    shutil.copytree(seeds_template, home)


@pytest.mark.parametrize(
    ("words", "runs"),
    [((), [1, 2]), ((2,), [2]), (("study:1",), [1, 2]), (("--filter", "training.seed=1"), [1])],
)
def test_parquet_takes_all_runs_the_named_ones_or_those_that_match(
    command: Command, tmp_path: Path, words: tuple[object, ...], runs: list[int]
) -> None:
    folder = tmp_path / "tables"
    result = command("export", *words, "--to", "parquet", "--out", folder, "--json").json
    assert (result["runs"], result["folder"]) == (runs, str(folder))
    assert pd.read_parquet(folder / "runs.parquet")["id"].tolist() == runs
    assert result["rows"]["points"] == len(pd.read_parquet(folder / "points.parquet"))


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ((1, "--filter", "state:finished", "--to", "parquet"), "either name runs or give a filter"),
        (("--filter", "state:failed", "--to", "parquet"), "no run of this store matches"),
        (("--filter", "state:nothing", "--to", "parquet"), "must be one of"),
        (("--to", "models"), "name the runs"),
        ((), "one run"),
        ((3, "--to", "parquet"), "no such run"),
    ],
)
def test_a_choice_of_no_run_is_refused(command: Command, tmp_path: Path, words: tuple[object, ...], rule: str) -> None:
    result = command("export", *words, "--out", tmp_path / "x")
    assert (result.status, result.out, rule in result.err) == (2, "", True), result.err
    assert not (tmp_path / "x").exists()


def test_a_study_goes_to_another_store_and_its_model_predicts_there(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "study.runs"
    result = command("export", "study:1", "--to", "run", "--out", file, "--json").json
    assert (result["runs"], result["notes"]) == ([1, 2], [])
    here = command("evaluate", 2, "--json").json["metrics"]
    other = tmp_path / "other.sqlite"
    assert command("import", file, "--store", other).out == f"{file}: run 1 is run 1 here, run 2 is run 2 here\n"
    assert command("evaluate", 2, "--store", other, "--json").json["metrics"] == here
    refused = command("import", file, "--store", other, "--json")
    assert (refused.status, refused.out, "--again" in refused.err) == (2, "", True)
    again = command("import", file, "--store", other, "--again", "--json").json
    assert again == {"files": [{"file": str(file), "runs": {"1": 3, "2": 4}, "notes": []}]}
    assert command("export", 1, "--to", "run", "--out", file).status == 2


def test_a_folder_of_tensorboard_is_new_and_comes_back(command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    assert f"see: tensorboard --logdir {folder}" in command("export", 1, "--to", "tensorboard", "--out", folder).out
    refused = command("export", 1, "--to", "tensorboard", "--out", folder)
    assert (refused.status, "exists already" in refused.err) == (2, True)
    assert command("import", folder).out == f"{folder}: run 1 is run 3 here\n"
    metrics = [command("show", run, "--json").json["metrics"]["test"]["width"] for run in (1, 3)]
    assert metrics[1] == pytest.approx(metrics[0], rel=1e-6)
    assert command("export", 9, "--to", "tensorboard", "--out", tmp_path / "none").status == 2
    assert not (tmp_path / "none").exists()

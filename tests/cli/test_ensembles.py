"""Evaluation and prediction of several runs as an ensemble.

Covers: mtl_core/evaluation/ensemble.py, mtl_core/runner/saved_models.py.
"""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Command, train_in


@pytest.fixture(scope="module")
def template(seeds_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the runs, to be copied."""
    home = tmp_path_factory.mktemp("runs") / "home"
    shutil.copytree(seeds_template, home)
    alone = "tasks=[{name: species, kind: multiclass, target: species}]"
    train_in(home, ("--set", alone), ("--set", "dataset.split.seed=5"))
    return home


@pytest.fixture
def trained_runs(template: Path, home: Path) -> None:
    """Runs 1 and 2: two seeds; 3: other tasks; 4: another split."""
    shutil.copytree(template, home)


def test_an_ensemble_stands_beside_its_members_and_its_losses_are_no_worse_than_their_mean(
    command: Command, trained_runs: None
) -> None:
    found = command("evaluate", 1, 2, "--ensemble", "--split", "val", "--json").json
    assert (found["runs"], found["split"]) == ([1, 2], "val")
    for run, member in zip((1, 2), found["members"], strict=True):
        assert member["run"] == run
        assert member["metrics"] == command("evaluate", run, "--split", "val", "--json").json["metrics"]
    for task in ("species", "width"):  # both losses are convex in the prediction
        losses = [member["metrics"][task]["loss"] for member in found["members"]]
        assert found["metrics"][task]["loss"] < sum(losses) / 2
    result = command("evaluate", "study:1", "--ensemble")
    assert result.status == 0
    for words in ("run 1", "run 2", "ensemble", "accuracy ↑", "rmse ↓", "test metrics"):
        assert words in result.out, words


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("1", "2"), "--ensemble"),
        (("1", "--ensemble"), "at least two runs"),
        (("1", "1", "--ensemble"), "each once"),
        (("1", "3", "--ensemble"), "same tasks"),
        (("1", "4", "--ensemble"), "same data"),
        (("1", "9", "--ensemble"), "9"),
    ],
)
def test_runs_that_make_no_ensemble_are_refused_in_one_line(
    command: Command, trained_runs: None, words: tuple[str, ...], names: str
) -> None:
    result = command("evaluate", *words)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert names in result.err


def test_the_ensemble_of_a_study_leaves_out_its_baselines(command: Command, spec: Path) -> None:
    settings = ("--set", "training.epochs=1", "--seed", 1, "--seed", 2)
    assert command("train", spec, *settings, "--baselines").status == 0
    found = command("evaluate", "study:1", "--ensemble", "--json")
    assert found.status == 0, found.err
    assert len(found.json["runs"]) == 2

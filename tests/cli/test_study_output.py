"""Studies on the command line: several seeds and their baselines."""

import math
from pathlib import Path

import pytest

from mtl_core.store import open_store
from tests.cli.conftest import Command


def test_seeds_and_baselines_are_one_command(command: Command, spec: Path) -> None:
    result = command("train", spec, "--seed", 1, "--seed", 2, "--baselines", "--json")
    assert result.status == 0
    found = result.json
    roles = [(run["seed"], run["baseline"]) for run in found["runs"]]
    assert roles == [(1, ""), (1, "species"), (1, "width"), (2, ""), (2, "species"), (2, "width")]
    assert {run["study"] for run in found["runs"]} == {found["study"]} == {1}
    assert found["delta_m"]["n"] == 2
    assert found["delta_m"]["low"] <= found["delta_m"]["mean"] <= found["delta_m"]["high"]
    by_hand = []
    for multi, left, right in (found["runs"][:3], found["runs"][3:]):
        accuracy, alone = multi["test"]["species"]["accuracy"], left["test"]["species"]["accuracy"]
        rmse, rmse_alone = multi["test"]["width"]["rmse"], right["test"]["width"]["rmse"]
        by_hand.append(((accuracy - alone) / alone - (rmse - rmse_alone) / rmse_alone) / 2)
    assert found["delta_m"]["values"] == pytest.approx(by_hand)
    assert found["tasks"]["width"]["direction"] == "min"
    assert set(found["negative_transfer"]) == {t for t, one in found["tasks"].items() if one["change"]["mean"] < 0}


def test_a_person_is_told_each_task_together_and_alone_and_delta_m(command: Command, spec: Path) -> None:
    result = command("train", spec, "--seed", 1, "--seed", 2, "--baselines")
    for words in ("baseline", "multi-task", "accuracy ↑ *", "rmse ↓ *", "±", "Δm", "95 % interval", "2 seeds"):
        assert words in result.out, words
    compared = command("compare", 1, 4)
    assert "Δm" in compared.out
    assert "Best epoch of each task" in compared.out
    assert "study 1 · baseline of width · seed 2" in command("show", 6).out


def test_comparing_runs_of_a_study_judges_it(command: Command, spec: Path) -> None:
    trained_runs = command("train", spec, "--seed", 1, "--baselines", "--json").json
    compared = command("compare", "study:1", "--json").json
    assert [run["run"] for run in compared["runs"]] == [1, 2, 3]
    (study,) = compared["studies"]
    assert study["delta_m"] == trained_runs["delta_m"]
    assert study["delta_m"]["low"] is None, "one seed has no interval"
    assert set(compared["best"]["1"]) == {"species", "width"}
    assert compared["best"]["2"]["species"]["chosen"] in (1, 2)
    assert command("compare", "study:2").status == 2


def test_seeds_alone_are_a_study_without_delta_m(command: Command, spec: Path) -> None:
    found = command("train", spec, "--seed", 1, "--seed", 2, "--json").json
    assert found["delta_m"] is None
    assert found["tasks"]["species"]["multi"]["n"] == 2
    assert "Δm" not in command("compare", 1, 2).out
    listed = command("runs", "--filter", "study:1", "--json").json["runs"]
    assert [(run["seed"], run["study"], run["baseline"]) for run in listed] == [(2, 1, ""), (1, 1, "")]


def test_a_baseline_that_fails_is_named_and_the_rest_is_trained(command: Command, spec: Path) -> None:
    wild = ["--set", "training.optimizer={kind: sgd, lr: 100}", "--set", "training.epochs=30"]
    result = command("train", spec, *wild, "--baselines", "--json")
    assert result.status == 1
    assert len(result.json["runs"]) == 3
    assert result.json["delta_m"] is None


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--seed", "1", "--seed", "1"), "each seed once"),
        (("--seed", "1", "--seed", "-1"), "training.seed"),
        (("--baselines", "--set", "tasks=[{name: a, kind: multiclass, target: species}]"), "at least two tasks"),
    ],
)
def test_a_study_that_cannot_be_is_refused_before_anything_trains(
    command: Command, spec: Path, home: Path, words: tuple[str, ...], names: str
) -> None:
    result = command("train", spec, *words)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert names in result.err
    assert not (home / "runs.sqlite").exists()


def test_the_cost_of_a_spec_and_of_a_run_is_measured(command: Command, spec: Path) -> None:
    found = command("cost", spec, "--json").json
    weights = 3 * 8 + 8 + (8 * 3 + 3) + (8 + 1)
    assert found["parameters"] == weights
    assert found["flops"] == 2 * (3 * 8 + 8 * 3 + 8)
    assert [one["rows"] for one in found["batches"]] == [1, 32, 256]
    assert all(one["milliseconds"] > 0 and math.isfinite(one["rows_per_second"]) for one in found["batches"])
    command("train", spec)
    result = command("cost", 1)
    assert result.status == 0
    assert "floating-point operations" in result.out
    assert command("cost", 9).status == 2


def test_show_names_each_tasks_best_epoch_beside_the_chosen_one(command: Command, spec: Path) -> None:
    command("train", spec)
    best = command("show", 1, "--json").json["best"]
    with open_store() as store:
        summary = next(s for s in store.summaries([1]) if s.key == ("species", "val", "accuracy"))
        steps = store.run(1).progress
    assert steps is not None
    assert best["species"]["value"] == summary.best
    assert best["species"]["epoch"] == summary.best_step // (steps.steps // steps.epochs)
    assert "the run's rule chose epoch" in command("show", 1).out


def test_delta_m_of_three_seeds_on_multidigits_is_one_command(command: Command) -> None:
    layers = "[{kind: avg_pool2d, kernel_size: 4}, {kind: flatten}, {kind: linear, out_features: 16}, {kind: relu}]"
    small = ["--set", "training.epochs=1", "--set", f"model.shared={layers}", "--set", "model.heads={}"]
    result = command("train", "multidigits", *small, "--seed", 0, "--seed", 1, "--seed", 2, "--baselines", "--json")
    assert result.status == 0
    assert result.json["delta_m"]["n"] == 3
    assert result.json["delta_m"]["sd"] > 0
    assert set(result.json["tasks"]) == {"left", "right"}
    assert result.json["tasks"]["left"]["metric"] == "accuracy"
    with open_store() as store:
        assert store.spec(1).model.sharing.kind == "hard"
        assert {run.fingerprint for run in store.runs(query="baseline:none")} != {""}


def test_seeds_train_together_with_the_scores_they_have_one_by_one(command: Command, spec: Path) -> None:
    seeds = ("--seed", 1, "--seed", 2, "--baselines", "--json")
    together = command("train", spec, "--together", *seeds).json
    one_by_one = command("train", spec, *seeds).json
    roles = [(run["seed"], run["baseline"]) for run in together["runs"]]
    assert roles == [(1, ""), (2, ""), (1, "species"), (2, "species"), (1, "width"), (2, "width")]
    assert together["delta_m"]["values"] == pytest.approx(one_by_one["delta_m"]["values"], rel=1e-3)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--together", "--seed", "1"), "at least two seeds"),
        (("--together", "--seed", "1", "--seed", "2", "--set", "weighting={kind: pcgrad}"), "weighting"),
        (("--together", "--seed", "1", "--seed", "2", "--set", "training.accumulate=2"), "training.accumulate"),
    ],
)
def test_what_cannot_be_trained_together_is_refused_before_anything_trains(
    command: Command, spec: Path, home: Path, words: tuple[str, ...], names: str
) -> None:
    result = command("train", spec, *words)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert names in result.err
    assert not (home / "runs.sqlite").exists()

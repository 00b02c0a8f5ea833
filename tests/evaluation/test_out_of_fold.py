"""Out-of-fold predictions of a study of folds: each row once, by the run that has not seen it."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, roc_auc_score

from mtl_core.cli import main
from mtl_core.errors import InputError
from mtl_core.evaluation.out_of_fold import out_of_fold_predictions, out_of_fold_scores
from mtl_core.protocol.questions import EnsembleQuestion, SavePredictionsQuestion
from mtl_core.runner.answers import answer
from mtl_core.runner.saved_models import saved_runs
from mtl_core.spec import ExperimentSpec, fold_members, is_fold_study, spec_from_data, with_seed
from mtl_core.store import RunStore, open_store

FOLDS, ROWS = 3, 60
SPEC: dict[str, Any] = {
    "version": 1,
    "dataset": {"kind": "table", "inputs": ["x"], "split": {"kind": "kfold", "folds": FOLDS}},
    "tasks": [
        {"name": "price", "kind": "regression", "target": "price", "metrics": ["mae"]},
        {"name": "sold", "kind": "binary", "target": "sold", "metrics": ["auroc"]},
    ],
    "model": {"shared": [{"kind": "linear", "out_features": 4}]},
    "training": {"epochs": 2, "device": "cpu"},
}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with a study of all folds, trained by the command line."""
    folder = tmp_path_factory.mktemp("folds")
    rng = np.random.default_rng(0)
    x = rng.normal(size=ROWS)
    lines = [f"{v:.4f},{1000 * v + rng.normal():.3f},{'yn'[int(v + rng.normal() / 2 > 0)]}" for v in x]
    lines[7] = f"{x[7]:.4f},,y"
    (folder / "a.csv").write_text("\n".join(["x,price,sold", *lines]))
    (folder / "a.json").write_text(json.dumps(SPEC | {"dataset": SPEC["dataset"] | {"path": "a.csv"}}))
    (folder / "a.json").rename(folder / "a.yaml")
    assert main(["train", str(folder / "a.yaml"), "--folds", "--store", str(folder / "runs.sqlite"), "--json"]) == 0
    return str(folder / "runs.sqlite")


@pytest.fixture
def store(url: str) -> Iterator[RunStore]:
    with open_store(url) as opened:
        yield opened


def test_every_row_is_predicted_once_and_scores_are_those_of_all_predictions(
    url: str, store: RunStore, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "oof.csv"
    assert main(["predict", "study:1", "--out-of-fold", "--out", str(out), "--store", url]) == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["row"]) for row in rows] == list(range(1, ROWS + 1))
    assert sorted({row["fold"] for row in rows}) == ["1", "2", "3"]
    capfd.readouterr()
    assert main(["evaluate", "study:1", "--out-of-fold", "--json", "--store", url]) == 0
    scores = json.loads(capfd.readouterr().out)
    assert (scores["runs"], len(scores["members"])) == ([1, 2, 3], FOLDS)
    labeled = [row for row in rows if row["price.truth"]]
    assert len(labeled) == ROWS - 1
    mae = mean_absolute_error(
        [float(row["price.truth"]) for row in labeled], [float(row["price.predicted"]) for row in labeled]
    )
    assert scores["metrics"]["price"]["mae"] == pytest.approx(mae, rel=1e-5)
    positive = [row["sold.truth"] == "y" for row in rows]
    auroc = roc_auc_score(positive, [float(row["sold.p.y"]) for row in rows])
    assert scores["metrics"]["sold"]["auroc"] == pytest.approx(auroc, rel=1e-5)
    by_fold = [member["metrics"] for member in scores["members"]]
    for member, run in zip(by_fold, (1, 2, 3), strict=True):
        tests = {s.metric: s.last for s in store.summaries([run]) if (s.task, s.split) == ("price", "test")}
        assert member["price"]["mae"] == pytest.approx(tests["mae"], rel=1e-6)
    means = [fold["price"]["loss"] for fold in by_fold]
    assert min(means) <= scores["metrics"]["price"]["loss"] <= max(means)


def test_the_worker_scores_folds_out_of_fold(store: RunStore) -> None:
    expected = out_of_fold_scores(saved_runs(store, (1, 2, 3)))
    assert answer(EnsembleQuestion(store=store.url, runs=(1, 2, 3), split="test")) == expected


def test_the_worker_writes_the_predictions_of_all_rows(store: RunStore, tmp_path: Path) -> None:
    path = tmp_path / "oof.csv"
    assert answer(SavePredictionsQuestion(store=store.url, runs=(1, 2, 3), path=str(path))) == ROWS
    assert len(path.read_text("utf-8").splitlines()) == ROWS + 1


def test_a_fold_that_is_missing_is_named(store: RunStore) -> None:
    with pytest.raises(InputError, match="no run of fold 3"):
        out_of_fold_scores(saved_runs(store, (1, 2)))
    with pytest.raises(InputError, match="each once"):
        out_of_fold_predictions(saved_runs(store, (1, 1)))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("evaluate", "study:1", "--out-of-fold", "--split", "val"), "of the test rows of all folds"),
        (("train", "wine", "--folds"), "a study of folds needs a split into folds"),
        (("train", "wine", "--folds", "--together"), "on different rows"),
        (("train", "wine", "--folds", "--seed", "1", "--seed", "2"), "a seed each"),
    ],
)
def test_what_is_no_study_of_folds_is_refused_in_one_line(
    url: str, words: tuple[str, ...], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--store", url]) == 2
    err = capfd.readouterr().err
    assert message in err
    assert err.count("\n") == 1


def experiment() -> ExperimentSpec:
    return spec_from_data(SPEC | {"dataset": SPEC["dataset"] | {"path": "a.csv"}})


def test_a_study_of_folds_has_each_fold_and_its_baselines_under_a_seed_of_its_own() -> None:
    members = fold_members(experiment(), baselines=True)
    assert [(m.spec.dataset.split.fold, m.spec.training.seed, m.baseline) for m in members] == [  # type: ignore[union-attr]
        (fold, fold - 1, baseline) for fold in (1, 2, 3) for baseline in ("", "price", "sold")
    ]
    folds = [member.spec for member in members if not member.baseline]
    assert is_fold_study(folds)
    assert not is_fold_study([folds[0], with_seed(folds[0], 5)])
    assert not is_fold_study([folds[0], folds[1].model_copy(update={"tasks": folds[1].tasks[:1]})])
    assert not is_fold_study(folds[:1])

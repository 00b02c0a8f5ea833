"""TabM from training to prediction: several tasks, saved models, new rows, ensembles, cost, seeds together, pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.datasets.preparation import load
from mtl_core.evaluation.ensemble import SavedRun, load_predictor
from mtl_core.evaluation.inference_cost import cost
from mtl_core.evaluation.model_bundle import load_models, load_preprocessing, save_models
from mtl_core.evaluation.predictions import predict
from mtl_core.evaluation.row_predictions import predict_rows
from mtl_core.evaluation.scores import evaluate
from mtl_core.runner.execution import execute
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, SeriesKey, open_store

LINEAR: list[dict[str, Any]] = [{"kind": "linear", "out_features": 16}, {"kind": "relu"}]
TABM: list[dict[str, Any]] = [
    {"kind": "feature_embeddings", "dimensions": 4, "numbers": "piecewise_linear"},
    {"kind": "tabm", "members": 4, "scaling": "normal"},
    {"kind": "flatten"},
    *LINEAR,
]


def experiment(shared: list[dict[str, Any]]) -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 2,
            "dataset": {
                "kind": "bundled",
                "name": "houses",
                "numeric_inputs": {"kind": "piecewise_linear", "bins": 8},
            },
            "tasks": [
                {"name": "price", "kind": "regression", "target": "price"},
                {"name": "sold", "kind": "binary", "target": "sold"},
            ],
            "model": {"shared": shared, "heads": {"price": LINEAR}},
            "training": {"epochs": 4, "batch_size": 64, "device": "cpu", "optimizer": {"kind": "adamw", "lr": 0.01}},
        }
    )


@dataclass(frozen=True)
class Trained:
    """A run of TabM and one of a plain model, of the same tasks and data."""

    store: RunStore
    members: SavedRun
    plain: SavedRun


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    with open_store(tmp_path_factory.mktemp("store") / "runs.sqlite") as store:

        def train(shared: list[dict[str, Any]]) -> SavedRun:
            spec = experiment(shared)
            run = store.create_run(spec)
            assert execute(store, run).state == "finished"
            return SavedRun(run, spec, best_checkpoint_path(store, run), store.run(run).fingerprint)

        yield Trained(store, train(TABM), train(LINEAR))


def test_the_losses_of_all_tasks_fall(trained: Trained) -> None:
    points = trained.store.read(trained.members.run)[0]
    for task, share in (("price", 0.7), ("sold", 1.0)):
        losses = points[SeriesKey(task, "train", "loss")].values
        assert losses[-5:].mean() < share * losses[:5].mean(), task


def test_a_model_scores_by_the_mean_prediction_of_its_members(trained: Trained) -> None:
    predictor = load_predictor([trained.members])
    split = predictor.split("test")
    with torch.inference_mode():
        price, sold = predictor.model(split.select_inputs(slice(None)))
    assert (price.shape[1:], sold.shape[1:]) == ((4, 1), (4, 1))
    scores = evaluate(trained.members.spec, trained.members.checkpoint, "test")
    priced, voted = (split.masks.get(task, slice(None)) for task in ("price", "sold"))
    error = (price.mean(1) - split.targets["price"])[priced].square().mean().item()
    assert scores["price"]["loss"] == pytest.approx(error, rel=1e-4)
    correct = ((sold.sigmoid().mean(1) > 0.5) == (split.targets["sold"] > 0.5))[voted].double().mean().item()
    assert scores["sold"]["accuracy"] == pytest.approx(correct)
    rows = list(predict([trained.members], "test").rows)
    assert len(rows) == len(split)


def test_new_rows_are_read_by_a_folder_of_models_as_the_rows_of_the_data(trained: Trained, tmp_path: Path) -> None:
    save_models([trained.members], tmp_path / "models")
    spec = trained.members.spec
    encoders = load(spec.dataset, spec.tasks).preprocessing["inputs"]
    cells = [[("" if e["type"] == "numeric" else e["categories"][0]) for e in encoders]]
    cells.append([str(e["median"]) if e["type"] == "numeric" else e["categories"][0] for e in encoders])
    lines = [",".join(e["name"] for e in encoders), *(",".join(row) for row in cells)]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    table = predict_rows(
        load_models(tmp_path / "models"), str(tmp_path / "rows.csv"), load_preprocessing(tmp_path / "models")
    )
    first, second = table.rows
    assert first[1:] == second[1:]  # a missing number is read as the median


def test_an_ensemble_may_have_runs_with_and_without_members(trained: Trained) -> None:
    runs = [trained.members, trained.plain]
    predictor = load_predictor(runs)
    inputs = predictor.split("test").select_inputs(slice(0, 8))
    with torch.inference_mode():
        price = predictor.model(inputs)[0]
        alone = [head_of(run, inputs) for run in runs]
    torch.testing.assert_close(price, torch.stack(alone).mean(0))


def head_of(run: SavedRun, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    predictor = load_predictor([run])
    return predictor.heads[0].average_members(predictor.model(inputs)[0])


def test_the_cost_counts_the_members(trained: Trained) -> None:
    members, plain = (cost(run.spec, [1]) for run in (trained.members, trained.plain))
    assert members.flops > 4 * 16
    assert members.parameters > plain.parameters

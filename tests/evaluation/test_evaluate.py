"""Evaluation of saved models on a split.

Covers: mtl_core/evaluation/inference_cost.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.errors import StoreError
from mtl_core.evaluation.inference_cost import cost
from mtl_core.evaluation.scores import evaluate
from mtl_core.runner.execution import execute
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.spec import ExperimentSpec, InputError, set_at, spec_from_data, spec_to_data
from mtl_core.store import RunStore, open_store


@pytest.fixture(scope="module")
def spec() -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "bundled", "name": "linnerud"},
            "tasks": [{"name": name, "kind": "regression", "target": name} for name in ("weight", "pulse")],
            "model": {"shared": [{"kind": "linear"}, {"kind": "batch_norm1d"}, {"kind": "dropout"}]},
            "training": {"epochs": 3, "batch_size": 4, "device": "cpu", "monitor": "pulse.mae"},
        }
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, spec: ExperimentSpec) -> Iterator[RunStore]:
    """A store with one finished run."""
    with open_store(tmp_path_factory.mktemp("store") / "runs.sqlite") as opened:
        assert execute(opened, opened.create_run(spec)).state == "finished"
        yield opened


def test_the_best_model_scores_what_it_scored_when_it_was_trained(store: RunStore, spec: ExperimentSpec) -> None:
    last = {(s.task, s.split, s.metric): s for s in store.summaries([1])}
    scores = evaluate(spec, best_checkpoint_path(store, 1), "test", store.run(1).fingerprint)
    for task, metrics in scores.items():
        for metric, value in metrics.items():
            assert value == last[task, "test", metric].last
    val = evaluate(spec, best_checkpoint_path(store, 1), "val")
    assert val["pulse"]["mae"] == last["pulse", "val", "mae"].best


def test_a_split_is_scored_whole_whatever_its_size(store: RunStore, spec: ExperimentSpec) -> None:
    scores = evaluate(spec, best_checkpoint_path(store, 1), "train")
    assert scores.keys() == {"weight", "pulse"}
    assert scores["weight"].keys() == {"loss", "rmse", "mae", "r2"}


def test_changed_data_is_refused(store: RunStore, spec: ExperimentSpec) -> None:
    with pytest.raises(InputError, match="the data has changed"):
        evaluate(spec, best_checkpoint_path(store, 1), "test", "another fingerprint")


@pytest.mark.parametrize(
    ("path", "value"), [("model.shared[0]", {"kind": "linear", "out_features": 3}), ("model.shared", [])]
)
def test_a_checkpoint_of_another_model_is_refused(store: RunStore, spec: ExperimentSpec, path: str, value: Any) -> None:
    other = spec_from_data(set_at(spec_to_data(spec), path, value))
    with pytest.raises(StoreError, match="is a checkpoint of another model") as caught:
        evaluate(other, best_checkpoint_path(store, 1), "test")
    assert "\n" not in str(caught.value)


def test_a_run_without_a_checkpoint_has_nothing_to_evaluate(store: RunStore, spec: ExperimentSpec) -> None:
    run = store.create_run(spec)
    with pytest.raises(InputError, match="has no checkpoint"):
        best_checkpoint_path(store, run)


def test_a_file_that_is_not_a_checkpoint_is_refused(spec: ExperimentSpec, tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").write_bytes(b"no")
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        evaluate(spec, tmp_path / "best.safetensors", "test")


def test_the_cost_of_a_fusion_whose_parameters_layers_read_is_counted(tmp_path: Path) -> None:
    rows = [f"{n},{n % 7},{n % 3}" for n in range(30)]
    (tmp_path / "table.csv").write_text("\n".join(["a,b,y", *rows]))
    inputs = {name: {"kind": "table", "columns": [name]} for name in "ab"}
    fused = spec_from_data(
        {
            "version": 2,
            "dataset": {"kind": "table", "path": str(tmp_path / "table.csv"), "inputs": inputs},
            "tasks": [{"name": "y", "kind": "regression", "target": "y"}],
            "model": {"fusion": {"kind": "bottleneck", "width": 4, "heads": 1, "tokens": 2}},
            "training": {"device": "cpu"},
        }
    )
    assert cost(fused, [1]).flops > 0

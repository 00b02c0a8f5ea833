"""A folder of images that takes twice the limit of memory trains from disk, to the same result.

How much memory that takes is measured by ``make bench ARGS=disk``.
"""

from pathlib import Path

import pytest

from mtl_core import train
from mtl_core.datasets.preparation import load
from mtl_core.evaluation.row_predictions import predict_rows
from mtl_core.media.limits import GIB, Limits, write_limits
from mtl_core.protocol.requests import StopRequest
from mtl_core.runner.execution import execute
from mtl_core.runner.local import Run
from mtl_core.runner.saved_models import saved_runs
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import open_store
from mtl_core.training import trainer
from tests.datasets.media import write_class_folder
from tests.training.toy import without_resources

SIDE, EACH = 32, 30


def small_experiment(folder: Path) -> ExperimentSpec:
    changes = [{"kind": "horizontal_flip"}, {"kind": "mix_up"}]
    image = {"kind": "image", "column": "image", "size": [SIDE, SIDE], "augmentation": changes}
    return spec_from_data(
        {
            "version": 2,
            "name": "pictures",
            "dataset": {
                "kind": "image_folder",
                "path": str(write_class_folder(folder, EACH)),
                "inputs": {"image": image},
            },
            "tasks": [{"name": "class", "kind": "multiclass", "target": "class"}],
            "model": {"shared": [{"kind": "avg_pool2d", "kernel_size": 8}, {"kind": "flatten"}]},
            "training": {"epochs": 2, "batch_size": 4},
        }
    )


def trained(spec: ExperimentSpec, path: Path) -> Run:
    with open_store(path) as store:
        run = train(spec, store)
        assert (run.state, run.error) == ("finished", "")
        return run


def test_pictures_of_twice_the_limit_of_memory_train_from_disk(tmp_path: Path) -> None:
    spec = small_experiment(tmp_path / "pictures")
    from_memory = trained(spec, tmp_path / "memory.sqlite")
    size = 2 * EACH * 3 * SIDE**2
    write_limits(Limits(memory=size / 2 / GIB))
    assert trained(spec, tmp_path / "disk.sqlite").test == from_memory.test
    assert all(split.is_mapped for split in load(spec.dataset, spec.tasks).splits.values())


def test_a_run_from_disk_with_random_changes_resumes_bit_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
    spec = small_experiment(tmp_path / "pictures")
    write_limits(Limits(memory=1000 / GIB))
    with open_store(tmp_path / "runs.sqlite") as store:
        whole, run = store.create_run(spec), store.create_run(spec)
        assert execute(store, whole).state == "finished"
        stopped = execute(store, run, observer=lambda told: told.step == 3 and store.add_request(run, StopRequest()))
        assert stopped.state == "stopped"
        assert execute(store, run).state == "finished"
        found = store.read(run)[0]
        for key, points in without_resources(store.read(whole)[0]).items():
            assert found[key].values.tobytes() == points.values.tobytes(), key


def test_a_trained_model_predicts_the_files_of_a_folder(tmp_path: Path) -> None:
    spec = small_experiment(tmp_path / "pictures")
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(spec, store)
        saved = saved_runs(store, [run.id])
    (tmp_path / "pictures" / "red" / "red_3.png").write_bytes(b"damaged")
    predicted = predict_rows(saved, str(tmp_path / "pictures" / "red"), load(spec.dataset, spec.tasks).preprocessing)
    rows = list(predicted.rows)
    assert len(rows) == EACH
    assert sum(row[1] == "" for row in rows) == 1
    assert any("red_3.png" in note for note in predicted.notes())

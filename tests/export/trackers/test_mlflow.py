"""Runs in a database of MLflow: its own client finds every point, and an import gives the run again.

Covers: mtl_core/export/readers/mlflow.py.
"""

from pathlib import Path

import numpy as np
import pytest

from mtl_core.export.readers.any_source import import_runs
from mtl_core.export.trackers.libraries import load_library, quiet_library
from mtl_core.export.trackers.mlflow import write_runs
from mtl_core.export.trackers.tracked_run import read_run
from mtl_core.files import new_folder
from mtl_core.store import RunStore, open_store


@pytest.mark.slow
def test_mlflow_reads_every_point_and_an_import_gives_the_runs_again(
    store: RunStore, runs: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mlflow"
    with new_folder(folder):
        write_runs([read_run(store, run) for run in runs], folder)
    assert capfd.readouterr() == ("", "")
    with quiet_library():
        client = load_library("mlflow.tracking").MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
        experiment = client.get_experiment_by_name("MTL Workbench").experiment_id
        first = client.search_runs([experiment], order_by=["attributes.start_time ASC"])[0]
        losses = client.get_metric_history(first.info.run_id, "left/train/loss")
        names = {file.path for file in client.list_artifacts(first.info.run_id)}
    assert (first.info.run_name, first.info.status) == ("two digits 1", "FINISHED")
    assert first.data.params["training.seed"] == "1"
    assert first.data.params["tasks.0.name"] == "left"
    assert [metric.step for metric in losses] == [0, 1, 2, 3, 4, 5]
    assert names == {"best.safetensors", "experiment.yaml"}
    with open_store(tmp_path / "other.sqlite") as other:
        assert import_runs(other, folder).numbers == {1: 1, 2: 2}
        for run in runs:
            assert other.spec(run) == store.spec(run)
            assert other.run(run).tags == ("first", "imported", f"run {run}")
            assert other.run(run).notes.startswith("# Notes\n= good\nImported from MLflow")
            before, after = store.read(run)[0], other.read(run)[0]
            assert before.keys() == after.keys()
            for key, points in before.items():
                np.testing.assert_array_equal(after[key].values, points.values)


@pytest.mark.slow
def test_a_folder_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    with quiet_library():
        tracking, entities = load_library("mlflow.tracking"), load_library("mlflow.entities")
        client = tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
        run = client.create_run(client.create_experiment("x"), start_time=5000, run_name="mine").info.run_id
        client.log_batch(run, metrics=[entities.Metric("val_acc", 0.25, 6000, 3)], params=[entities.Param("lr", "0.1")])
        client.set_terminated(run, "FAILED", end_time=7000)
    with open_store(tmp_path / "other.sqlite") as other:
        import_runs(other, tmp_path)
        record = other.run(1)
        assert (record.name, record.state, record.started, record.seconds) == ("mine", "failed", 5.0, 2.0)
        assert "- lr: 0.1" in record.notes
        ((key, points),) = other.read(1)[0].items()
        assert (tuple(key), points.steps.tolist(), points.values.tolist()) == (("", "val", "acc"), [3], [0.25])

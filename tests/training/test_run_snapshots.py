"""Snapshots of the last validation: their content, when they are written, and that a run never fails for them.

Covers: mtl_core/training/metrics/kept_outputs.py, mtl_core/training/metrics/task_outputs.py.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core import train
from mtl_core.analysis.diagnostics.report import task_diagnostics
from mtl_core.analysis.diagnostics.validation_snapshot import (
    ARTIFACT_KIND,
    FILE_NAME,
    ValidationSnapshot,
    read_snapshot,
    read_step,
)
from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.evaluation.task_predictions import predict_tasks
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.runner.run_diagnostics import run_row_values
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec import ExperimentSpec, load_preset, spec_from_data
from mtl_core.store import RunStore, open_store
from mtl_core.training import run_snapshots
from mtl_core.training.batching.batches import Batch
from mtl_core.training.metrics import kept_outputs
from mtl_core.training.metrics.validation import Scorer
from mtl_core.training.run_snapshots import RunSnapshots
from mtl_core.training.run_state import RunState
from mtl_core.training.training_run import prepare_run
from tests.training.toy import PER_EPOCH, STEPS, Recording, experiment, make_request, run, toy_data


def table_spec(folder: Path, *, rows: int = 200, **training: Any) -> ExperimentSpec:
    """Classes, labels, values and ranks of a table in which some labels are missing."""
    rng = np.random.default_rng(0)
    lines = ["x,kind,size,rank,tags"]
    for i in range(rows):
        x = rng.normal()
        kind = "" if i % 7 == 0 else "ab"[int(x > 0)]
        size = "" if i % 5 == 0 else round(2 * x + 1, 4)
        lines.append(f"{x:.4f},{kind},{size},{('low', 'mid', 'top')[i % 3]},{'red|big' if x > 0 else 'red'}")
    (folder / "rows.csv").write_text("\n".join(lines))
    return spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(folder / "rows.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "kind", "kind": "binary", "target": "kind"},
                {"name": "size", "kind": "regression", "target": "size"},
                {"name": "rank", "kind": "ordinal", "target": "rank", "order": ["low", "mid", "top"]},
                {"name": "tags", "kind": "multilabel", "target": "tags"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu"} | training,
        }
    )


def trained(store: RunStore, spec: ExperimentSpec) -> ValidationSnapshot:
    """The snapshot of a run of an experiment."""
    done = train(spec, store)
    assert done.state == "finished"
    (artifact,) = (entry for entry in store.artifacts(done.id) if entry.kind == ARTIFACT_KIND)
    snapshot = read_snapshot(Path(artifact.path))
    assert snapshot is not None
    assert artifact.data == {"step": snapshot.step}
    return snapshot


def test_its_predictions_and_diagnostics_are_those_of_the_evaluation(tmp_path: Path) -> None:
    spec = table_spec(tmp_path)
    with open_store(tmp_path / "runs.sqlite") as store:
        snapshot = trained(store, spec)
        evaluated = predict_tasks(saved_run(store, 1), "val")  # of one epoch the best model is the last
    assert (snapshot.epoch, snapshot.split_rows) == (1, len(evaluated[0]))
    assert list(snapshot.tasks) == list(spec.task_names)
    for task, expected in zip(spec.tasks, evaluated, strict=True):
        kept = snapshot.tasks[task.name]
        for part in ("rows", "targets", "predictions", "labeled", "predicted_classes"):
            if part != "predicted_classes" or kept.form == "classes":
                np.testing.assert_allclose(getattr(kept, part), getattr(expected, part), rtol=1e-12, err_msg=part)
        mine, theirs = snapshot.diagnostics(task.name, task.kind), task_diagnostics(expected, task.kind)
        assert mine is not None
        assert (mine.confusion, mine.values, mine.labeled) == (theirs.confusion, theirs.values, theirs.labeled)
        for one, other in zip(mine.classes, theirs.classes, strict=True):
            assert one.auroc.value == pytest.approx(other.auroc.value, rel=1e-12, nan_ok=True)
            assert np.isnan(one.auroc.low)
            assert one.true_positives == other.true_positives
    texts = snapshot.sample_texts("kind")
    assert len(texts) == len(snapshot.sample_rows) == kept_outputs.SAMPLES
    missing = [text.true == "missing" for text in texts]
    assert missing == (snapshot.tasks["kind"].targets[snapshot.samples] < 0).tolist()


def test_of_many_rows_some_are_kept_evenly_and_from_every_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_outputs, "MOST_ROWS", 90)
    monkeypatch.setattr("mtl_core.training.metrics.validation._BATCH_BYTES", 1)  # 32 rows a batch
    with open_store(tmp_path / "runs.sqlite") as store:
        snapshot = trained(store, table_spec(tmp_path, rows=2000))
        evaluated = predict_tasks(saved_run(store, 1), "val")[0]
    places = np.searchsorted(evaluated.rows, snapshot.rows)
    assert len(places) == 90 < snapshot.split_rows
    assert (places[0], places[-1]) == (0, snapshot.split_rows - 1)
    assert set(np.diff(places).tolist()) <= {snapshot.split_rows // 90, snapshot.split_rows // 90 + 1}
    # how a number is rounded depends on its place in an array
    np.testing.assert_allclose(snapshot.tasks["kind"].predictions, evaluated.predictions[places], rtol=1e-12)


def test_rows_are_limited_by_bytes() -> None:
    kept = kept_outputs.KeptOutputs(64, [False, True])
    kept.clear()
    outputs = [torch.zeros(64, kept_outputs.MOST_BYTES // 4 // 20), torch.ones(64, 5, 8, 8)]
    targets = (torch.zeros(64), torch.arange(64).view(64, 1, 1).expand(64, 8, 8))
    kept.add(outputs, Batch({"x": torch.zeros(64, 1)}, targets, (None, None), None))
    assert len(kept.rows) == 19  # with its target, a row takes a little more than a twentieth
    assert kept.task(0)[0].shape[0] == 19
    output, target, mask = kept.task(1)
    assert output.shape == (12, 5, 8, 8)
    assert target[:, 0, 0].tolist() == kept.rows[kept.samples].tolist()
    assert mask is None


def test_maps_boxes_tags_and_their_samples_are_kept(tmp_path: Path) -> None:
    pictures_spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "bundled", "name": "shapes"},
            "tasks": [
                {"name": "mask", "kind": "segmentation", "target": "mask"},
                {"name": "box", "kind": "box", "target": ["x", "y", "width", "height"]},
            ],
            "model": {
                "shared": [{"kind": "conv2d", "out_channels": 4, "kernel_size": 3}, {"kind": "relu"}],
                "heads": {"box": [{"kind": "flatten"}], "mask": []},
            },
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    sentences = load_preset("sentences")
    one_epoch = sentences.training.model_copy(update={"epochs": 1, "device": "cpu"})
    with open_store(tmp_path / "runs.sqlite") as store:
        pictures = trained(store, pictures_spec)
        values = run_row_values(store, 1, "val", pictures.sample_rows)
        texts = trained(store, sentences.model_copy(update={"training": one_epoch}))
        tokens = run_row_values(store, 2, "val", texts.sample_rows)
        with pytest.raises(InputError, match="rows of the split"):
            run_row_values(store, 2, "test", texts.sample_rows)
    maps = pictures.maps["mask"]
    assert maps.targets.shape == maps.predictions.shape
    assert len(maps.targets) == kept_outputs.SAMPLES
    assert set(np.unique(maps.targets)) <= set(range(len(maps.names)))
    assert pictures.tasks["box"].predictions.shape[1] == 4
    assert pictures.diagnostics("mask", "segmentation") is None
    (images,) = values.inputs.values()
    assert len(images.images) == kept_outputs.SAMPLES
    assert values.rows == pictures.sample_rows
    (sample,) = tokens.inputs.values()
    for text, row in zip(sample.texts, texts.maps["tags"].targets, strict=True):
        assert text is not None
        assert len(text.split(" ")) == (row >= 0).sum()


def test_other_predictions_are_kept_as_texts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["x,time,event", *(f"{x:.3f},{abs(x) + 1:.3f},{int(x > 0)}" for x in rng.normal(size=60))]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(tmp_path / "rows.csv"), "inputs": ["x"]},
            "tasks": [{"name": "time", "kind": "survival", "target": ["time", "event"]}],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    with open_store(tmp_path / "runs.sqlite") as store:
        snapshot = trained(store, spec)
    assert not snapshot.tasks
    texts = snapshot.sample_texts("time")
    assert len(texts) == len(snapshot.sample_rows)
    assert all(text.true and text.predicted for text in texts)


def snapshots_of(folder: Path, clock: Callable[[], float], recording: Recording | None = None) -> RunSnapshots:
    """The snapshots of a toy run in which a validation has been evaluated."""
    prepared = prepare_run(experiment(), toy_data(), torch.device("cpu"), recording or Recording(), folder)
    snapshots = RunSnapshots(prepared.state, prepared.recorder, folder, clock)
    validate(prepared.state, snapshots)
    return snapshots


def validate(state: RunState, snapshots: RunSnapshots) -> None:
    Scorer(state.tasks, state.device)(state.model, state.batches.val, snapshots.kept)


def test_they_are_written_every_few_seconds_and_after_the_last_validation(tmp_path: Path) -> None:
    now, recording = [100.0], Recording()
    snapshots = snapshots_of(tmp_path, lambda: now[0], recording)
    snapshots.start()
    snapshots.end_validation(last=False)
    assert not recording.snapshots
    now[0] += run_snapshots.SNAPSHOT_SECONDS
    snapshots.end_validation(last=False)
    assert len(recording.snapshots) == 1
    now[0] += run_snapshots.SNAPSHOT_SECONDS / 2
    snapshots.end_validation(last=False)
    assert len(recording.snapshots) == 1
    snapshots.end_validation(last=True)
    assert len(recording.snapshots) == 2
    snapshots.save()  # there is no new validation
    assert len(recording.snapshots) == 2


@pytest.mark.parametrize("runs", [1, 3])
def test_slow_ones_are_written_so_seldom_that_they_take_their_share_of_the_time(tmp_path: Path, runs: int) -> None:
    now, recording = [0.0], Recording()

    def slow_clock() -> float:
        now[0] += 0.5  # each look at the clock: a snapshot takes half a second
        return now[0]

    snapshots = snapshots_of(tmp_path, slow_clock, recording)
    snapshots.parallel_runs = runs
    snapshots.end_validation(last=True)
    written = now[0]
    while len(recording.snapshots) < 2:
        snapshots.end_validation(last=False)
    assert now[0] - written >= runs * 0.5 / run_snapshots.TIME_SHARE


def test_a_stopped_run_shows_its_last_validation_and_a_resumed_one_none_of_later_steps(tmp_path: Path) -> None:
    script = {PER_EPOCH + 2: [make_request("stop")]}
    stopped = run(experiment(), tmp_path, script=script)
    assert stopped.recording.snapshots == [PER_EPOCH]
    whole = run(experiment(), tmp_path / "whole")
    assert whole.recording.snapshots == [STEPS]
    path = tmp_path / FILE_NAME
    path.write_bytes((tmp_path / "whole" / FILE_NAME).read_bytes())  # as if killed after a later validation
    killed = run(experiment(), tmp_path, resume=True, kill_at=PER_EPOCH + 3)
    assert killed.final_state == "killed"
    assert not path.exists()
    run(experiment(), tmp_path, resume=True)
    assert path.read_bytes() == (tmp_path / "whole" / FILE_NAME).read_bytes()


@pytest.mark.parametrize("error", [EnvironmentFault("disk", "is full"), OSError("no space"), ZeroDivisionError("odd")])
def test_what_goes_wrong_is_one_warning_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(run_snapshots, "SNAPSHOT_SECONDS", 0.0)
    monkeypatch.setattr(run_snapshots, "TIME_SHARE", 1e9)
    monkeypatch.setattr(run_snapshots, "write_snapshot", fail)
    done = run(experiment(), tmp_path)
    assert done.final_state == "finished"
    assert len([text for _, _, text, _ in done.recording.events if "last validation cannot be shown" in text]) == 1
    assert not list(tmp_path.glob("*.partial"))


def test_a_damaged_or_foreign_file_is_none(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    assert read_snapshot(path) is None
    for content in (b"", b"no", bytes(1000)):
        path.write_bytes(content)
        assert read_snapshot(path) is None
        assert read_step(path) is None
    run(experiment(), tmp_path)
    assert read_snapshot(path) is not None
    path.write_bytes(path.read_bytes()[:-5])
    assert read_snapshot(path) is None
    path.write_bytes((tmp_path / "best.safetensors").read_bytes())
    assert read_snapshot(path) is None


def test_runs_that_train_together_have_their_own(tmp_path: Path) -> None:
    spec = table_spec(tmp_path)
    with open_store(tmp_path / "runs.sqlite") as store:
        first = store.create_run(spec)
        second = store.create_run(spec.model_copy(update={"training": spec.training.model_copy(update={"seed": 7})}))
        execute_jointly(store, (first, second))
        alone = trained(store, spec)
        found = [read_snapshot(store.artifacts_dir(number) / FILE_NAME) for number in (first, second)]
    assert found[0] is not None
    assert found[1] is not None
    np.testing.assert_allclose(
        found[0].tasks["size"].predictions, alone.tasks["size"].predictions, rtol=1e-3, atol=1e-5
    )
    assert not np.allclose(found[1].tasks["size"].predictions, alone.tasks["size"].predictions)

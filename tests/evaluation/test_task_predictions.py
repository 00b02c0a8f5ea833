"""Predictions with targets and losses of each row: their values, their file, and when they are computed again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_core.errors import StoreError
from mtl_core.evaluation.scores import evaluate
from mtl_core.evaluation.task_predictions import (
    PredictionKey,
    predict_tasks,
    predictions_path,
    read_predictions,
    row_losses,
    write_predictions,
)
from mtl_core.runner.execution import execute
from mtl_core.runner.saved_models import saved_run
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store
from mtl_core.tasks import build_task
from tests.tasks.test_contract import CASES, batch


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    """A store with one finished run of a table in which some labels are missing."""
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(0)
    lines = ["x,kind,size,rank"]
    for i in range(60):
        x = rng.normal()
        kind = "" if i % 7 == 0 else "ab"[int(x > 0)]
        lines.append(f"{x:.4f},{kind},{'' if i % 5 == 0 else round(2 * x + 1, 4)},{('low', 'mid', 'top')[i % 3]}")
    (folder / "rows.csv").write_text("\n".join(lines))
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(folder / "rows.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "kind", "kind": "binary", "target": "kind"},
                {"name": "size", "kind": "regression", "target": "size"},
                {"name": "rank", "kind": "ordinal", "target": "rank", "order": ["low", "mid", "top"]},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    with open_store(folder / "runs.sqlite") as opened:
        assert execute(opened, opened.create_run(spec)).state == "finished"
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_the_loss_of_a_row_is_that_of_a_batch_of_it(name: str) -> None:
    task, info = CASES[name]
    head = build_task(task, info)
    output, target = batch(info, 5)
    output = output.detach()
    expected = torch.stack([head.loss(output[i : i + 1], target[i : i + 1]) for i in range(5)])
    torch.testing.assert_close(row_losses(head, output, target, None), expected)
    mask = torch.tensor([True, False, True, True, False])
    masked = row_losses(head, output, target, mask)
    torch.testing.assert_close(masked[mask], expected[mask])
    assert masked[~mask].tolist() == [0, 0]


def test_losses_and_errors_are_those_of_the_evaluation(store: RunStore) -> None:
    saved = saved_run(store, 1)
    scores = evaluate(saved.spec, saved.checkpoint, "train", saved.fingerprint)
    kind, size, rank = predict_tasks(saved, "train")
    for task in (kind, size, rank):
        assert np.nanmean(task.losses) == pytest.approx(scores[task.task]["loss"], rel=1e-5)
    assert 1 - kind.errors.sum() / kind.labeled.sum() == pytest.approx(scores["kind"]["accuracy"])
    assert (kind.names, kind.form, rank.ordered) == (("a", "b"), "classes", True)
    assert np.nanmean(np.abs(size.predictions - size.targets)) == pytest.approx(scores["size"]["mae"], rel=1e-5)
    assert 1 - rank.errors.mean() == pytest.approx(scores["rank"]["accuracy"])
    lines = (Path(saved.spec.dataset.path)).read_text().splitlines()[1:]
    for row, target in zip(size.rows, size.targets[:, 0], strict=True):
        cell = lines[row].split(",")[2]
        assert np.isnan(target) if not cell else target == pytest.approx(float(cell), abs=1e-4)
    assert (kind.targets == -1).any()


def test_they_are_read_again_only_while_model_and_data_are_the_same(store: RunStore, tmp_path: Path) -> None:
    saved = saved_run(store, 1)
    key, path = PredictionKey.of(saved), predictions_path(tmp_path, "test")
    assert read_predictions(path, key) is None
    tasks = predict_tasks(saved, "test")
    write_predictions(path, key, tasks)
    read = read_predictions(path, key)
    assert read is not None
    for mine, theirs in zip(read, tasks, strict=True):
        assert (mine.task, mine.form, mine.names, mine.ordered) == (
            theirs.task,
            theirs.form,
            theirs.names,
            theirs.ordered,
        )
        for part in ("rows", "targets", "predictions", "losses"):
            np.testing.assert_array_equal(getattr(mine, part), getattr(theirs, part))
    for change in ({"checkpoint": "other"}, {"fingerprint": "other"}, {"data_version": "other"}):
        assert read_predictions(path, replace(key, **change)) is None
    path.write_bytes(path.read_bytes()[:-3] + b"???")
    assert read_predictions(path, key) is None


def test_a_damaged_checkpoint_is_refused(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "best.safetensors").write_bytes(b"no")
    with pytest.raises(StoreError, match="is not a whole checkpoint"):
        PredictionKey.of(replace(saved_run(store, 1), checkpoint=tmp_path / "best.safetensors"))

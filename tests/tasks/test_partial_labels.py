"""Tasks of several values with rows that have only some of them: those values train and are measured."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.spec import (
    BoxTask,
    CountTask,
    DistributionTask,
    MultilabelTask,
    RegressionTask,
    TableDataset,
    TargetInfo,
    Task,
)
from mtl_core.tasks import TaskHead, build_task

KINDS: dict[str, Task] = {
    "mse": RegressionTask(name="t", target=("a", "b")),
    "mae": RegressionTask(name="t", target=("a", "b"), loss="mae"),
    "huber": RegressionTask(name="t", target=("a", "b"), loss="huber"),
    "quantile": RegressionTask(name="t", target=("a", "b"), loss="quantile", quantile=0.3),
    "gaussian": RegressionTask(name="t", target=("a", "b"), loss="gaussian_nll"),
    "count": CountTask(name="t", target=("a", "b"), metrics=("deviance", "mae", "rmse", "r2", "spearman")),
    "multilabel": MultilabelTask(name="t", target=("a", "b"), positive_weight="balanced"),
    "focal": MultilabelTask(name="t", target=("a", "b"), loss="focal"),
}


def table(path: Path, task: Task) -> TableDataset:
    """60 rows: every fourth has both values, the others have one."""
    rng = np.random.default_rng(0)
    lines = []
    for i in range(60):
        values = rng.integers(0, 2, 2) if isinstance(task, MultilabelTask) else rng.integers(0, 9, 2)
        known = (True, True) if i % 4 == 0 else (i % 2 == 1, i % 2 == 0)
        cells = [str(value) if there else "" for value, there in zip(values, known, strict=True)]
        lines.append(f"{i / 60:.3f},{','.join(cells)}\n")
    file = path / "t.csv"
    file.write_text("x,a,b\n" + "".join(lines), encoding="utf-8")
    return TableDataset(path=str(file), inputs=("x",))


@pytest.fixture(params=KINDS)
def task(request: pytest.FixtureRequest) -> Task:
    return KINDS[request.param]


@pytest.fixture
def data(tmp_path: Path, task: Task) -> TaskData:
    return load(table(tmp_path, task), (task,))


@pytest.fixture
def head(data: TaskData, task: Task) -> TaskHead:
    return build_task(task, data.targets["t"])


def outputs(head: TaskHead, rows: int, seed: int = 0) -> Tensor:
    assert isinstance(head.out_features, int)
    return torch.randn(rows, head.out_features, generator=torch.Generator().manual_seed(seed))


def test_every_row_with_a_value_is_used_and_it_is_told(data: TaskData) -> None:
    splits = (data.train, data.val, data.test)
    assert sum(map(len, splits)) == 60
    assert sum(int(split.masks["t"].sum()) for split in splits) == 75
    assert any("45 rows have only some of its 2 values" in note.what for note in data.notes)


def test_statistics_are_those_of_the_values_that_are_there(data: TaskData, task: Task) -> None:
    info, mask = data.targets["t"], data.train.masks["t"]
    assert info.value_counts == tuple(mask.sum(0).tolist())
    if isinstance(task, RegressionTask):
        for value in range(2):
            there = data.train.targets["t"][:, value][mask[:, value]].double()
            torch.testing.assert_close(there.mean(), torch.tensor(0.0, dtype=torch.float64), atol=1e-6, rtol=0)
            torch.testing.assert_close(
                there.std(correction=0), torch.tensor(1.0, dtype=torch.float64), atol=1e-6, rtol=0
            )


def test_the_loss_is_the_mean_over_the_values_that_are_there(data: TaskData, head: TaskHead) -> None:
    target, mask = data.train.targets["t"], data.train.masks["t"]
    prediction = outputs(head, len(target))
    by_value = []
    for value in range(2):
        rows = mask[:, value]
        both = torch.zeros(len(target), 2, dtype=torch.bool)
        both[:, value] = rows
        by_value.append((head.loss(prediction, target, both), int(rows.sum())))
    mean = sum(loss * count for loss, count in by_value) / sum(count for _, count in by_value)
    torch.testing.assert_close(head.loss(prediction, target, mask), torch.as_tensor(mean))
    whole = torch.ones_like(mask)
    torch.testing.assert_close(head.loss(prediction, target, whole), head.loss(prediction, target))


def test_what_is_absent_has_no_influence_and_no_gradient(data: TaskData, head: TaskHead) -> None:
    target, mask = data.train.targets["t"], data.train.masks["t"]
    prediction = outputs(head, len(target)).requires_grad_()
    head.loss(prediction, target, mask).backward()
    gradient = prediction.grad
    assert gradient is not None
    assert (gradient[:, :2][~mask] == 0).all()
    assert torch.isfinite(gradient).all()
    other = torch.where(mask, target, torch.full_like(target, torch.nan))
    assert head.loss(prediction, other, mask) == head.loss(prediction, target, mask)
    assert head.loss(prediction, target, torch.zeros_like(mask)) == 0


def test_metrics_are_the_means_of_the_values_own(data: TaskData, task: Task) -> None:
    info = data.targets["t"]
    head = build_task(task, info)
    split, prediction = data.train, outputs(head, len(data.train))
    metrics = head.metrics()
    for rows in torch.arange(len(split)).split(7):
        metrics.update(prediction[rows], split.targets["t"][rows], split.masks["t"][rows])
    found = metrics.compute()
    assert found.keys() == {"loss", *task.metrics}
    torch.testing.assert_close(
        found["loss"], head.loss(prediction, split.targets["t"], split.masks["t"]).item(), rtol=1e-5, atol=1e-6
    )
    by_value = list(_of_each_value(task, info, prediction, data))
    for name in task.metrics:
        assert found[name] == pytest.approx(np.mean([one[name] for one in by_value]), rel=1e-6), name


def _of_each_value(task: Task, info: TargetInfo, prediction: Tensor, data: TaskData) -> Iterator[dict[str, float]]:
    """The metrics of a task of two values, of which the other one is predicted as in the rows that have both."""
    for value in range(2):
        rows = data.train.masks["t"][:, value]
        narrow: dict[str, Any] = {"width": 1, "value_counts": (), "mean": info.mean[value : value + 1]}
        narrow |= {"std": info.std[value : value + 1], "counts": info.counts[value : value + 1]}
        if isinstance(task, MultilabelTask):
            yield _label_metrics(
                torch.sigmoid(prediction[rows, value]) > 0.5, data.train.targets["t"][rows, value] > 0.5
            )
            continue
        head = build_task(task.model_copy(update={"target": "a"}), info.model_copy(update=narrow))
        metrics = head.metrics()
        columns = [value, value + 2] if info.per_value == 2 else [value]
        metrics.update(prediction[rows][:, columns], data.train.targets["t"][rows, value : value + 1])
        yield metrics.compute()


def _label_metrics(predicted: Tensor, true: Tensor) -> dict[str, float]:
    both = float((predicted & true).sum())
    return {
        "f1": 2 * both / float(predicted.sum() + true.sum()),
        "accuracy": float((predicted == true).double().mean()),
    }


def test_every_metric_of_labels_leaves_absent_ones_out(tmp_path: Path) -> None:
    names = ("f1", "f1_micro", "accuracy", "exact_match", "precision", "recall", "auroc", "map")
    task = MultilabelTask(name="t", target=("a", "b"), metrics=names)
    data = load(table(tmp_path, task), (task,))
    head, split = build_task(task, data.targets["t"]), data.train
    prediction, mask = outputs(head, len(split)), split.masks["t"]
    metrics = head.metrics()
    metrics.update(prediction, split.targets["t"], mask)
    found = metrics.compute()
    assert found.keys() == {"loss", *names}
    predicted, true = prediction > 0, split.targets["t"] > 0.5
    right = (predicted == true) | ~mask
    assert found["exact_match"] == pytest.approx(float(right.all(1).double().mean()))
    both = float((predicted & true & mask).sum())
    assert found["f1_micro"] == pytest.approx(2 * both / float((predicted & mask).sum() + (true & mask).sum()))
    metrics.reset()
    metrics.update(prediction, torch.where(mask, split.targets["t"], 1 - split.targets["t"]), mask)
    assert metrics.compute() == found


@pytest.mark.parametrize(
    "task",
    [
        BoxTask(name="t", target=("a", "b", "c", "d")),
        DistributionTask(name="t", target=("a", "b", "c", "d")),
    ],
    ids=["box", "distribution"],
)
def test_values_that_belong_together_leave_a_row_out_and_say_so(tmp_path: Path, task: Task) -> None:
    lines = "".join(f"{i},0.5,0.25,0.5,{'' if i % 4 == 0 else '0.25'}\n" for i in range(60))
    (tmp_path / "t.csv").write_text("x,a,b,c,d\n" + lines, encoding="utf-8")
    data = load(TableDataset(path=str(tmp_path / "t.csv"), inputs=("x",)), (task,))
    assert len(data.train) + len(data.val) + len(data.test) == 45
    assert any("15 rows have only some of the 4 values that belong together" in note.what for note in data.notes)


def test_a_value_that_no_training_row_has_is_told(tmp_path: Path) -> None:
    lines = "".join(f"{i},{i},\n" for i in range(40)) + "40,,3\n"
    (tmp_path / "t.csv").write_text("x,a,b\n" + lines, encoding="utf-8")
    task = RegressionTask(name="t", target=("a", "b"))
    data = load(TableDataset(path=str(tmp_path / "t.csv"), inputs=("x",), types={"b": "numeric"}), (task,))
    assert any("split has a value of 'b'" in note.what for note in data.notes)
    assert np.isfinite(data.targets["t"].mean).all()

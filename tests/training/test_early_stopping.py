"""The monitored value: the best epoch, early stopping, and substitutes where it is undefined."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.spec import EarlyStopping
from mtl_core.training.optimization.early_stopping import Monitor
from tests.training.toy import PER_EPOCH, ToyRun, experiment, run, toy_data

NO_AUROC: dict[str, dict[str, float]] = {"sold": {"loss": 0.5}}
AUROC = {"sold": {"loss": 0.5, "auroc": 0.8}}


def epochs(monitor: Monitor, *results: tuple[dict[str, dict[str, float]], float]) -> list[str]:
    """Let it see some epochs; what it has to say."""
    messages = []
    for step, (scores, total_loss) in enumerate(results, 1):
        messages.append(monitor.update_substitute(scores, total_loss))
        monitor.update(monitor.value(scores, total_loss), step)
    return messages


def test_the_total_loss_stands_in_for_a_value_that_is_never_there() -> None:
    monitor = Monitor("sold.auroc", "max")
    messages = epochs(monitor, (NO_AUROC, 3.0), (NO_AUROC, 1.0), (NO_AUROC, 2.0))
    assert (monitor.best, monitor.best_step, monitor.direction, monitor.name) == (1.0, 2, "min", "total loss")
    assert messages[0].startswith("sold.auroc has no value on the validation rows (it needs rows of both classes)")
    assert messages[1:] == ["", ""]
    assert monitor.should_stop(EarlyStopping(patience=1))


def test_a_value_that_comes_late_begins_anew() -> None:
    monitor = Monitor("sold.auroc", "max")
    messages = epochs(monitor, (NO_AUROC, 3.0), (NO_AUROC, 1.0), (AUROC, 9.0), (NO_AUROC, 0.1))
    assert (monitor.best, monitor.best_step, monitor.direction) == (0.8, 3, "max")
    assert "from here on" in messages[2]
    assert messages[3] == ""
    assert monitor.num_bad_epochs == 1


def test_without_any_label_no_epoch_is_the_best() -> None:
    for path in ("total", "sold.auroc", "sold"):
        monitor = Monitor(path, "min")
        messages = epochs(monitor, ({}, math.nan), ({}, math.nan))
        assert monitor.best_step == -1
        assert messages[0].startswith("no validation row has a label of ")
        assert messages[1] == ""
        assert not monitor.should_stop(EarlyStopping(patience=1))


def test_a_kept_state_brings_the_substitute_back() -> None:
    monitor, other = Monitor("sold.auroc", "max"), Monitor("sold.auroc", "max")
    epochs(monitor, (NO_AUROC, 3.0))
    other.load_state_dict(monitor.state_dict())
    assert other == monitor
    old = {name: value for name, value in Monitor("total", "min").state_dict().items() if name != "substitute"}
    other.load_state_dict(old)
    assert not other.substitute


def one_class() -> TaskData:
    """The toy's data, where no validation row is sold."""
    data = toy_data(masked=False)
    data.val.targets["sold"] = torch.zeros_like(data.val.targets["sold"])
    return data


def train_toy(folder: Path, data: TaskData, **changes: Any) -> ToyRun:
    tasks = [
        {"name": "price", "kind": "regression", "target": "price", "metrics": ["rmse"]},
        {"name": "sold", "kind": "binary", "target": "sold", "metrics": ["accuracy", "auroc", "mcc"]},
        {"name": "kind", "kind": "multiclass", "target": "kind", "metrics": ["accuracy"]},
    ]
    return run(experiment(tasks=tasks, training__monitor="sold.auroc", **changes), folder, data=data)


def warning_messages(toy_run: ToyRun) -> list[str]:
    return [message for _, kind, message, *_ in toy_run.recording.events if kind == "warning"]


def test_a_run_says_what_chooses_its_best_epoch_instead(tmp_path: Path) -> None:
    toy_run = train_toy(tmp_path, one_class())
    steps, totals = toy_run.recording.series["total", "val", "loss"]
    assert toy_run.state.monitor.best_step == steps[totals.argmin()]
    messages = warning_messages(toy_run)
    assert sum("sold.auroc has no value" in message for message in messages) == 1
    assert any(message.startswith("sold.mcc is not defined on the validation rows") for message in messages)
    assert ("sold", "val", "mcc") not in toy_run.recording.series


def test_early_stopping_follows_what_stands_in(tmp_path: Path) -> None:
    stopping = {"patience": 1, "min_delta": 1e6}
    toy_run = train_toy(tmp_path, one_class(), training__early_stopping=stopping, training__epochs=9)
    assert toy_run.outcome
    assert toy_run.outcome.steps == 2 * PER_EPOCH
    assert any("no better total loss for 1 epochs" in message for _, _, message, *_ in toy_run.recording.events)


@pytest.mark.parametrize(("weighting", "warns"), [("uncertainty", True), ("equal", False)])
def test_a_loss_that_falls_below_the_methods_floor_is_told_once(tmp_path: Path, weighting: str, warns: bool) -> None:
    tasks = [
        {"name": "price", "kind": "count", "target": "price", "metrics": ["mae"]},
        {"name": "sold", "kind": "binary", "target": "sold", "metrics": ["accuracy"]},
        {"name": "kind", "kind": "multiclass", "target": "kind", "metrics": ["accuracy"]},
    ]
    data = toy_data(masked=False)
    for split in (data.train, data.val, data.test):
        split.targets["price"] = torch.full_like(split.targets["price"], 50.0)
    changes = {"weighting": {"kind": weighting}, "training__optimizer": {"kind": "adam", "lr": 0.2}}
    toy_run = run(experiment(tasks=tasks, **changes), tmp_path, data=data)
    low = [m for m in warning_messages(toy_run) if m.startswith("the loss of task 'price' is -")]
    assert len(low) == int(warns)

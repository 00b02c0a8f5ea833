"""The verbs of forks and checkpoints.

Covers: mtl_core/cli/fork_verbs.py.
"""

from pathlib import Path

from mtl_core.protocol.requests import CheckpointRequest
from mtl_core.spec import load_spec
from mtl_core.store import SeriesKey, open_store
from tests.cli.conftest import Command


def test_a_run_is_trained_for_more_epochs(command: Command, spec: Path, home: Path) -> None:
    command("train", spec)
    result = command("fork", "1", "--more", "1", "--json")
    assert result.status == 0
    printed = result.json
    assert (printed["run"], printed["parent"], printed["from_epoch"], printed["checkpoint"]) == (2, 1, 2, "last")
    assert (printed["state"], printed["from_step"]) == ("finished", 8)
    whole = command("train", spec, "--set", "training.epochs=3", "--json").json
    assert printed["test"] == whole["test"]
    with open_store(home / "runs.sqlite") as store:
        key = SeriesKey("species", "train", "loss")
        assert store.read(2)[0][key].values.tolist() == store.read(3)[0][key].values.tolist()
    text = command("fork", "1", "--epochs", "3", "--checkpoint", "best", "--set", "training.optimizer.lr=0.0001").out
    assert text.startswith("run 4 begins with run 1 at step")


def test_what_a_fork_cannot_change_is_refused_on_one_line(command: Command, spec: Path, home: Path) -> None:
    command("train", spec)
    for settings, reason in (
        (("--set", "training.batch_size=8"), "training.batch_size: cannot differ in a fork"),
        ((), "training.epochs: must be more than the 2 epochs"),
        (("--from-step", "1"), "run 1: has no such checkpoint"),
        (("--more", "0"), "--more: must be at least 1"),
        (("--checkpoint", "step"), "run 1: has no such checkpoint"),
    ):
        result = command("fork", "1", *settings)
        assert (result.status, result.err.count("\n")) == (2, 1)
        assert reason in result.err
    with open_store(home / "runs.sqlite") as store:
        assert [record.id for record in store.runs()] == [1]


def test_a_schedule_that_depends_on_the_epochs_is_warned_of(command: Command, spec: Path) -> None:
    command("train", spec, "--set", "training.schedule.kind=cosine")
    assert "the schedule 'Cosine' depends on the number of epochs" in command("fork", "1", "--more", "1").err


def test_a_run_is_asked_to_keep_a_checkpoint(command: Command, spec: Path, home: Path) -> None:
    with open_store(home / "runs.sqlite") as store:
        run = store.create_run(load_spec(spec))
    assert command("checkpoint", run, "--json").json == {"run": run, "request": "checkpoint"}
    with open_store(home / "runs.sqlite") as store:
        assert [record.content for record in store.take_requests(run)] == [CheckpointRequest()]

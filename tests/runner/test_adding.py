"""Adding a task to a finished run, from the store and the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from mtl_core.cli import main
from mtl_core.evaluation.scores import evaluate
from mtl_core.runner.execution import execute
from mtl_core.runner.inspection import inspect
from mtl_core.runner.saved_models import best_checkpoint_path
from mtl_core.spec import ExperimentSpec, InputError, save_spec, set_at, spec_from_data, spec_to_data
from mtl_core.spec.study import single_task
from mtl_core.store import RunStore, SeriesKey, open_store
from mtl_core.training.transfer.forgetting import ScoreChange
from tests.runner.conftest import Experiment


def spec_with_added_task(experiment: Experiment, run: int, **keep: Any) -> ExperimentSpec:
    """The petal's width added to a run that knows the species; the rows are split as there."""
    spec = spec_to_data(experiment(training__start_from={"kind": "from_run", "run": run}, training__keep=keep))
    return spec_from_data(set_at(spec, "dataset.split.tasks", spec["tasks"][:1]))


def train_run(store: RunStore, spec: ExperimentSpec) -> int:
    run = store.create_run(spec)
    ending = execute(store, run)
    assert (ending.state, ending.error) == ("finished", "")
    return run


@pytest.fixture
def first(store: RunStore, experiment: Experiment) -> int:
    data = spec_to_data(experiment())
    return train_run(store, spec_from_data({**data, "tasks": data["tasks"][:1]}))


@pytest.mark.parametrize("kind", ["fine_tune", "freeze", "distil", "ewc"])
def test_what_is_told_is_what_evaluating_the_two_runs_gives(
    store: RunStore, experiment: Experiment, first: int, kind: str
) -> None:
    second = train_run(store, spec_with_added_task(experiment, first, kind=kind))
    one, two = (
        evaluate(store.spec(run), best_checkpoint_path(store, run), "test")["species"] for run in (first, second)
    )
    (event,) = [event for event in store.events(second) if event.kind == "kept"]
    assert event.data["before"] == one[event.data["metric"]]
    assert event.data["after"] == two[event.data["metric"]]
    assert event.message == str(ScoreChange("species", "accuracy", event.data["before"], event.data["after"], "max"))
    assert not [event for event in store.events(second) if event.kind == "warning"]
    points = store.read(second)[0][SeriesKey("species", "test", "loss")]
    assert points.values.tolist() == [one["loss"], two["loss"]]
    assert (kind == "freeze") <= (one == two)


def test_rows_that_are_split_otherwise_are_told(store: RunStore, experiment: Experiment, first: int) -> None:
    spec = spec_with_added_task(experiment, first, kind="fine_tune")
    other = train_run(store, spec_from_data(set_at(spec_to_data(spec), "dataset.split.seed", 5)))
    (warning,) = [event.message for event in store.events(other) if event.kind == "warning"]
    assert warning.startswith("the training rows are not those of the run")


def test_a_run_that_has_not_ended_has_no_tasks_to_keep(store: RunStore, experiment: Experiment, first: int) -> None:
    with open_store(store.name) as again:
        again.finish(first, "interrupted")
    run = store.create_run(spec_with_added_task(experiment, first, kind="distil"))
    ending = execute(store, run)
    assert (ending.state, type(ending.fault)) == ("failed", InputError)
    assert f"run {first} must have ended before its tasks can be kept" in ending.error


def test_a_file_that_knows_none_of_the_tasks_is_refused_before_there_is_a_run(
    store: RunStore, experiment: Experiment, first: int, tmp_path: Path
) -> None:
    spec = spec_to_data(spec_with_added_task(experiment, first, kind="ewc"))
    spec["training"]["start_from"] = {"kind": "from_file", "path": str(best_checkpoint_path(store, first))}
    inspect(spec_from_data(spec))
    spec["tasks"][0]["name"] = "kind"
    with pytest.raises(InputError, match=r"^training\.keep: no task of this experiment has a head in best"):
        inspect(spec_from_data(spec))


def test_a_baseline_keeps_nothing(experiment: Experiment) -> None:
    spec = spec_with_added_task(experiment, 1, kind="ewc")
    assert single_task(spec, "width").training.keep.kind == "new_heads"


def test_the_command_line_tells_what_the_old_tasks_lost(
    store: RunStore, experiment: Experiment, first: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_spec(spec_with_added_task(experiment, first, kind="freeze"), tmp_path / "second.yaml")
    command = ["train", str(tmp_path / "second.yaml"), "--store", str(tmp_path / "runs.sqlite")]
    assert main(command) == 0
    assert "(unchanged)" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    (lost,) = json.loads(capsys.readouterr().out)["kept"]
    assert (lost["task"], lost["change"]) == ("species", 0.0)

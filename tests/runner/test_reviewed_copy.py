"""The copy of the list of reviewed rows that a run keeps: it is resumed, evaluated and exported with that list."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_core.cli import main
from mtl_core.evaluation.model_bundle import load_models
from mtl_core.evaluation.scores import evaluate
from mtl_core.protocol.progress import Progress
from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.runner.run_diagnostics import diagnose_run
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, open_store
from mtl_core.tabular.reviewed_list import ReviewedLine, append_lines

ROWS = 60


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with open_store(tmp_path / "runs.sqlite") as opened:
        yield opened


@pytest.fixture
def spec(tmp_path: Path) -> ExperimentSpec:
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"x": rng.normal(size=ROWS).round(3), "sold": rng.choice(["yes", "no"], ROWS)})
    frame.to_csv(tmp_path / "rows.csv", index=False)
    append_lines(tmp_path / "list.jsonl", [ReviewedLine(row=row, action="leave out") for row in (1, 2, 3)])
    return spec_from_data(
        {
            "version": 1,
            "dataset": {
                "kind": "table",
                "path": str(tmp_path / "rows.csv"),
                "inputs": ["x"],
                "reviewed": str(tmp_path / "list.jsonl"),
            },
            "tasks": [{"name": "sold", "kind": "binary", "target": "sold"}],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 2, "device": "cpu"},
        }
    )


def test_a_run_is_evaluated_with_the_list_it_had(store: RunStore, spec: ExperimentSpec, tmp_path: Path) -> None:
    run = store.create_run(spec)
    assert execute(store, run).state == "finished"
    (artifact,) = (entry for entry in store.artifacts(run) if entry.kind == "reviewed")
    assert Path(artifact.path).read_text() == (tmp_path / "list.jsonl").read_text()
    notes = [str(event.message) for event in store.events(run)]
    assert any("3 rows are left out by the reviewed list" in note for note in notes)

    append_lines(tmp_path / "list.jsonl", [ReviewedLine(row=row, action="leave out") for row in range(4, 20)])
    before = diagnose_run(store, run, "train")
    (tmp_path / "list.jsonl").unlink()
    assert diagnose_run(store, run, "val").rows == len(pd.read_csv(tmp_path / "rows.csv")) - 3 - before.rows - (
        diagnose_run(store, run, "test").rows
    )
    folder = tmp_path / "models"
    assert main(["export", str(run), "--to", "models", "--out", str(folder), "--store", store.url]) == 0
    (saved,) = load_models(folder)
    assert saved.spec.dataset.reviewed == str(folder / f"run-{run}.reviewed.jsonl")
    assert evaluate(saved.spec, saved.checkpoint, "test", saved.fingerprint)["sold"]["loss"] > 0


def test_a_run_is_resumed_with_the_list_it_had(store: RunStore, spec: ExperimentSpec, tmp_path: Path) -> None:
    run, stop = store.create_run(spec), threading.Event()

    def stop_soon(_: Progress) -> None:
        stop.set()

    assert execute(store, run, observer=stop_soon, stop=stop).state == "stopped"
    append_lines(tmp_path / "list.jsonl", [ReviewedLine(row=9, action="leave out")])
    assert execute(store, run).state == "finished"


def test_runs_that_train_together_keep_a_copy_each(store: RunStore, spec: ExperimentSpec) -> None:
    other = spec.model_copy(update={"training": spec.training.model_copy(update={"seed": 1})})
    runs = [store.create_run(spec), store.create_run(other)]
    assert [result.state for result in execute_jointly(store, runs)] == ["finished", "finished"]
    assert len({store.run(run).fingerprint for run in runs}) == 1
    for run in runs:
        assert "reviewed" in {artifact.kind for artifact in store.artifacts(run)}


def test_the_command_line_takes_a_list_and_names_rows_for_it(
    store: RunStore, spec: ExperimentSpec, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = store.create_run(spec)
    execute(store, run)
    assert main(["evaluate", str(run), "--details", "--json", "--store", store.url]) == 0
    values = json.loads(capsys.readouterr().out)["values"]
    row, cells = values["rows"][0], values["digests"][0]
    assert main(["evaluate", str(run), "--details", "--store", store.url]) == 0
    assert cells in capsys.readouterr().out
    by_hand = tmp_path / "hand.jsonl"
    by_hand.write_text(json.dumps({"row": row, "cells": cells, "action": "leave out"}))
    settings = ["--set", f"dataset.reviewed={by_hand}", "--store", store.url]
    assert main(["train", f"run:{run}", *settings]) == 0
    assert any("1 row is left out" in event.message for event in store.events(run + 1))

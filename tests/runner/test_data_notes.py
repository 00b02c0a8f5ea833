"""Notes about the data reach the run, the command line and its JSON.

Covers: mtl_core/spec/data/data_notes.py.
"""

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from mtl_core.cli import main
from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.store import RunStore, open_store

SPEC = """version: 1
dataset: {{kind: table, path: d.csv, inputs: [x]}}
tasks: [{task}]
model: {{shared: [{{kind: linear, out_features: 4}}]}}
training: {{epochs: 2, batch_size: 16, device: cpu}}
"""
NUMBER = "{name: y, kind: regression, target: y}"
NUMBERS = "{name: y, kind: regression, target: [a, b]}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTL_WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path


def write(place: Path, rows: Sequence[str], task: str = NUMBER) -> None:
    (place / "d.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (place / "s.yaml").write_text(SPEC.format(task=task), encoding="utf-8")


def short_rows() -> list[str]:
    return ["x,y,z", *(f"{i},{i},1" for i in range(10, 40)), "40,5", "41"]


def half_labelled() -> list[str]:
    def cells(i: int) -> str:
        return f"{i},{i}" if i % 4 == 0 else f"{i}," if i % 2 else f",{i}"

    return ["x,a,b,c", *(f"{i},{cells(i)},{i}" for i in range(10, 70))]


def test_check_and_train_tell_what_was_decided(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place, short_rows())
    assert main(["check", "s.yaml"]) == 0
    assert "note: 2 rows have fewer cells" in capsys.readouterr().out
    assert main(["check", "s.yaml", "--json"]) == 0
    assert [note["place"] for note in json.loads(capsys.readouterr().out)["notes"]] == ["file", "file"]
    assert main(["train", "s.yaml"]) == 0
    assert "note: 2 rows have fewer cells" in capsys.readouterr().err
    assert main(["train", "s.yaml", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["notes"][0]["count"] == 2
    assert main(["show", "last"]) == 0
    assert "note: 2 rows have fewer cells" in capsys.readouterr().out
    assert main(["show", "last", "--json"]) == 0
    events = [event for event in json.loads(capsys.readouterr().out)["events"] if event["kind"] == "note"]
    assert [event["data"] for event in events] == result["notes"]


def test_a_study_tells_each_note_once(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(place, short_rows())
    assert main(["train", "s.yaml", "--seed", "1", "--seed", "2", "--set", "training.epochs=1", "--json"]) == 0
    shown = capsys.readouterr()
    assert shown.err.count("fewer cells") == 1
    assert all(len(run["notes"]) == 2 for run in json.loads(shown.out)["runs"])


def test_a_resumed_run_keeps_its_notes_once(place: Path) -> None:
    write(place, short_rows())
    spec = spec_of(place)
    with open_store(str(place / "runs.sqlite")) as store:
        run = store.create_run(spec)
        assert execute(store, run).state == "finished"
        assert len([event for event in store.events(run) if event.kind == "note"]) == 2


def test_a_run_whose_data_lost_a_class_says_that_the_data_has_changed(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = "{name: y, kind: binary, target: y}"
    write(place, ["x,y", *(f"{i},{'ab'[i % 2]}" for i in range(40))], task)
    assert main(["train", "s.yaml"]) == 0
    write(place, ["x,y", *(f"{i},a" for i in range(40))], task)
    capsys.readouterr()
    assert main(["evaluate", "last"]) == 2
    assert "the data has changed since the run was trained" in capsys.readouterr().err


def test_rows_with_a_part_of_their_values_train_and_are_predicted(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, half_labelled(), NUMBERS + ", {name: c, kind: regression, target: c}")
    assert main(["train", "s.yaml", "--json", "--baselines"]) == 0
    assert main(["predict", "1", "--out", "p.csv"]) == 0
    with (place / "p.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    for row in rows:
        number = int(row["row"]) + 9
        assert bool(row["y.truth.a"]) == (number % 4 == 0 or number % 2 == 1)
        assert bool(row["y.truth.b"]) == (number % 4 == 0 or number % 2 == 0)


def test_seeds_trained_together_learn_partly_labelled_rows_as_alone(place: Path) -> None:
    write(place, half_labelled(), NUMBERS)
    specs = [spec_of(place, seed) for seed in (1, 2)]
    with open_store(str(place / "runs.sqlite")) as store:
        runs = [store.create_run(spec) for spec in specs]
        assert [ending.state for ending in execute_jointly(store, runs)] == ["finished"] * 2
        alone = store.create_run(specs[1])
        assert execute(store, alone).state == "finished"
        together, own = _losses(store, runs[1]), _losses(store, alone)
    assert together == pytest.approx(own, rel=1e-4)
    assert len(own) > 1


def _losses(store: RunStore, run: int) -> list[float]:
    series, _ = store.read(run)
    return next(points.values.tolist() for key, points in series.items() if key == ("y", "train", "loss"))


def spec_of(place: Path, seed: int = 0) -> ExperimentSpec:
    task = {
        "name": "y",
        "kind": "regression",
        "target": ["a", "b"] if "a" in (place / "d.csv").read_text()[:5] else "y",
    }
    return spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(place / "d.csv"), "inputs": ["x"]},
            "tasks": [task],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 2, "batch_size": 16, "device": "cpu", "seed": seed},
        }
    )

"""The verbs of the command line, each run as a process of its own or through its main function.

Covers: mtl_core/cli/exports.py, mtl_core/cli/json_data.py, mtl_core/cli/output.py, mtl_core/cli/references.py,
mtl_core/cli/run_output.py, mtl_core/cli/training_verbs.py.
"""

import csv
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from mtl_core.cli import VERBS, main
from mtl_core.cli.verbs import load_command
from mtl_core.protocol.requests import StopRequest
from mtl_core.spec import CURRENT_VERSION, kind_of, members, parse_yaml, preset_names, spec_from_data
from mtl_core.spec.sharing import Sharing
from mtl_core.store import SeriesKey, open_store
from tests.cli.conftest import Command


def test_training_ends_with_the_run_as_one_json_object(command: Command, spec: Path) -> None:
    result = command("train", spec, "--json")
    assert result.status == 0
    found = result.json
    assert (found["run"], found["state"], found["seed"], found["error"]) == (1, "finished", 0, "")
    assert found["test"]["species"]["accuracy"] >= 0
    assert found["device"].startswith("CPU")


def test_training_tells_a_person_each_tasks_metrics_and_where_they_are_kept(
    command: Command, spec: Path, home: Path
) -> None:
    result = command("train", spec)
    assert result.status == 0
    for words in ("run 1 finished on CPU", "species", "width", str(home / "runs.sqlite")):
        assert words in result.out.replace("\n", "")


def test_settings_seeds_and_device_are_taken_from_the_command_line(command: Command, spec: Path) -> None:
    settings = ["--set", "training.epochs=1", "--set", "training.optimizer.lr=0.5", "--set", "weighting.kind=dwa"]
    result = command("train", spec, *settings, "--seed", 3, "--seed", 4, "--device", "cpu", "--json")
    assert [run["seed"] for run in result.json["runs"]] == [3, 4]
    stored = command("show", 2, "--json").json["spec"]
    assert stored["training"]["epochs"] == 1
    assert stored["training"]["optimizer"] == {
        "kind": "adamw", "lr": 0.5, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.01,
    }  # fmt: skip
    assert stored["weighting"]["kind"] == "dwa"


def test_the_same_seed_gives_the_same_metrics_to_the_bit(command: Command, spec: Path) -> None:
    first, second = (command("train", spec, "--seed", 5, "--json").json["test"] for _ in range(2))
    assert first == second


def test_a_preset_and_a_stored_run_can_be_trained(command: Command, spec: Path) -> None:
    assert command("train", "houses", "--set", "training.epochs=1", "--json").json["name"]
    again = command("train", "run:1", "--json").json
    metrics = command("show", 1, "--json").json["metrics"]["test"]
    assert again["test"] == {task: metrics[task] for task in ("price", "sold")}


def test_runs_show_and_compare_list_what_is_stored(command: Command, spec: Path) -> None:
    assert "no runs" in command("runs").out
    command("train", spec)
    command("train", spec, "--set", "weighting.kind=uncertainty", "--set", "name=with uncertainty")
    listed = command("runs", "--json").json["runs"]
    assert [(run["run"], run["state"], run["method"]) for run in listed] == [
        (2, "finished", "uncertainty"),
        (1, "finished", "equal"),
    ]
    assert [run["run"] for run in command("runs", "--filter", "uncertainty", "--json").json["runs"]] == [2]
    assert "with uncertainty" in command("runs").out
    shown = command("show", "last", "--json").json
    assert (shown["run"], shown["spec"]["weighting"]["kind"]) == (2, "uncertainty")
    assert shown["events"][-1]["kind"] == "finish"
    assert shown["metrics"]["test"].keys() == {"species", "width", "total"}
    assert "with uncertainty" in command("show", 2).out
    compared = command("compare", 1, 2, "--json").json
    assert compared["differences"] == [
        {"path": "name", "values": ["iris", "with uncertainty"]},
        {"path": "weighting.kind", "values": ["equal", "uncertainty"]},
        {"path": "weighting.initial", "values": [None, 0.0]},
    ]
    told = command("compare", 1, 2).out
    assert "weighting.kind" in told
    assert " *" in told


def test_show_leaves_out_what_is_noted_of_each_two_tasks_and_says_so(command: Command, spec: Path) -> None:
    command("train", spec, "--set", "training.compare_gradients=2")
    shown = command("show", 1).out
    assert "gradient conflicts" in shown
    assert "gradient cosine" not in shown
    assert "more series of the training" in shown
    series = command("show", 1, "--json").json["metrics"]["train"]
    assert any(name.startswith("gradient cosine ") for named in series.values() for name in named)


def test_a_shown_spec_can_be_trained_again(command: Command, spec: Path, tmp_path: Path) -> None:
    command("train", spec)
    result = command("show", 1, "--spec")
    assert spec_from_data(parse_yaml(result.out)).name == "iris"


def test_evaluating_gives_the_metrics_the_run_ended_with(command: Command, spec: Path) -> None:
    trained_runs = command("train", spec, "--json").json["test"]
    found = command("evaluate", 1, "--json").json
    total = sum(metrics["loss"] for metrics in trained_runs.values())
    assert found == {"run": 1, "split": "test", "metrics": trained_runs, "undefined": [], "total": pytest.approx(total)}
    assert "total loss" in command("evaluate", 1).out
    assert command("evaluate", 1, "--split", "val", "--json").json["metrics"] != trained_runs
    assert "species" in command("evaluate", "last").out


def test_every_point_is_exported_once_and_no_file_is_overwritten(
    command: Command, spec: Path, tmp_path: Path, home: Path
) -> None:
    command("train", spec)
    out = tmp_path / "points.csv"
    assert command("export", 1, "--to", "csv", "--out", out).status == 0
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with open_store(home / "runs.sqlite") as store:
        series = store.read(1)[0]
    assert len(rows) == sum(map(len, series.values()))
    lr = [float(row["value"]) for row in rows if row["metric"] == "lr"]
    assert lr == series[SeriesKey("", "train", "lr")].values.tolist()
    before = out.read_bytes()
    assert command("export", 1, "--out", out).status == 2
    assert out.read_bytes() == before
    assert command("export", 1, "--out", out, "--force").status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "iris.yaml", "points.csv"]


def test_datasets_and_presets_are_listed(command: Command) -> None:
    sets = command("datasets", "--json").json["datasets"]
    assert {"multidigits", "iris", "houses"} <= {one["name"] for one in sets}
    assert "multidigits" in command("datasets").out
    presets = command("presets", "--json").json["presets"]
    assert [one["preset"] for one in presets] == list(preset_names())
    assert "multidigits" in command("presets").out
    assert command("presets", "multidigits", "--json").json["version"] == CURRENT_VERSION
    assert spec_from_data(parse_yaml(command("presets", "multidigits").out))


@pytest.mark.parametrize("name", preset_names())
def test_each_preset_passes_its_check(command: Command, name: str) -> None:
    found = command("check", name, "--json").json
    assert found["ok"]
    assert found["model"]["parameters"] > 0
    assert min(found["splits"].values()) > 0
    assert "parameters" in command("check", name).out


def test_a_check_of_data_says_where_what_and_what_to_do(command: Command, tmp_path: Path) -> None:
    assert command("check", "houses", "--data").out.endswith("data: nothing amiss\n")
    assert command("check", "houses", "--data", "--json").json["findings"] == []
    rows = [f"{i},{i % 7 + i / 1000},{i % 5}" for i in range(60)]
    (tmp_path / "a.csv").write_text("\n".join(["id,x,y", *rows]))
    data = {"kind": "table", "path": "a.csv", "inputs": ["id", "x"]}
    task = {"name": "y", "kind": "regression", "target": "y"}
    (tmp_path / "a.yaml").write_text(json.dumps({"version": 1, "dataset": data, "tasks": [task]}))
    found = command("check", tmp_path / "a.yaml", "--data", "--json").json["findings"]
    assert [(one["place"], one["name"], one["check"]) for one in found] == [("column", "id", "identifiers")]
    assert found[0]["fix"] == {"label": "Leave id out", "changes": {"dataset.inputs": ["x"]}}
    out = command("check", tmp_path / "a.yaml", "--data").out
    assert "finding: column 'id': It counts the rows" in out
    assert "Leave it out of the inputs." in out


@pytest.mark.parametrize("kind", [kind_of(member) for member in members(Sharing)])
def test_a_check_says_the_sharing_scheme_and_counts_all_its_parameters(command: Command, kind: str) -> None:
    words = ("check", "wine", "--set", f"model.sharing.kind={kind}")
    found = command(*words, "--json").json["model"]
    lists = [found["shared"], *found["heads"].values(), found["outputs"].values()]
    once = sum(layer["parameters"] for layers in lists for layer in layers)
    assert found["parameters"] == once if kind in ("hard", "prompts", "prefixes") else found["parameters"] > once
    (scheme,) = (member for member in members(Sharing) if kind_of(member) == kind)
    share = f"{found['shared_parameters'] / found['parameters']:.0%}"
    printed = command(*words).out
    assert f"{scheme.title}: {found['parameters']:,} parameters in all, {share} of them shared" in printed
    assert ("warning: model.sharing: no shared layer has attention" in printed) == (kind in ("prompts", "prefixes"))


def test_a_run_that_diverges_exits_with_one(command: Command, spec: Path) -> None:
    wild = ["--set", "training.optimizer={kind: sgd, lr: 100}", "--set", "training.epochs=30"]
    result = command("train", spec, *wild, "--json")
    assert result.status == 1
    assert result.json["state"] == "failed"
    assert "became" in result.json["error"]
    assert [line for line in result.err.splitlines() if "run 1 failed" in line]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("train", "nothing.yaml"), "nothing.yaml"),
        (("train", "nothing"), "nothing"),
        (("train", "multidigits", "--set", "training.epochs=0"), "training.epochs"),
        (("train", "multidigits", "--set", "training"), "path=value"),
        (("train", "multidigits", "--seed", "-1"), "training.seed"),
        (("train", "multidigits", "--seed", "x"), "--seed"),
        (("train", "multidigits", "--device", "cuda:99"), "cuda:99"),
        (("check", "multidigits", "--set", "model.shared[6].kind=conv2d"), "model.shared[7]"),
        (("show", "7"), "runs.sqlite"),
        (("runs", "--store", "there is none.sqlite"), "there is none.sqlite"),
        (("compare", "1"), "runs.sqlite"),
        (("presets", "digits"), "digits"),
        (("export", "1"), "--out"),
        (("dance",), "dance"),
        ((), "VERB"),
    ],
)
def test_an_input_at_fault_is_one_line_on_standard_error_and_exits_with_two(
    command: Command, words: tuple[str, ...], names: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = command(*words)
    assert result.status == 2
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert names in result.err
    assert list(tmp_path.glob("**/*.sqlite")) == []


def test_a_run_that_is_not_there_is_refused(command: Command, spec: Path) -> None:
    command("train", spec, "--set", "training.epochs=1")
    for words in (("show", "9"), ("stop", "1"), ("resume", "1"), ("evaluate", "x"), ("compare", "1", "1")):
        result = command(*words)
        assert (result.status, result.err.count("\n")) == (2, 1), words


def test_help_and_version_exit_with_zero(command: Command) -> None:
    assert command("--version").status == 0
    for verb in VERBS:
        assert command(verb, "--help").status == 0


def test_a_stop_asked_from_elsewhere_ends_the_run_with_130_and_it_can_be_resumed(
    command: Command, spec: Path, home: Path
) -> None:
    store = home / "runs.sqlite"

    def stop_it() -> None:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if store.exists():
                with open_store(store) as opened:
                    if any(run.state == "running" for run in opened.runs()):
                        opened.add_request(1, StopRequest())
                        return
            threading.Event().wait(0.05)

    thread = threading.Thread(target=stop_it)
    thread.start()
    result = command("train", spec, "--set", "training.epochs=100000", "--json")
    thread.join()
    assert result.status == 130
    assert result.json["state"] == "stopped"
    assert result.json["test"]


def test_stop_asks_a_queued_run_to_stop(command: Command, spec: Path, home: Path) -> None:
    with open_store() as store:
        run = store.create_run(spec_from_data(parse_yaml(spec.read_text())))
    assert command("stop", run).status == 0
    result = command("resume", run, "--json")
    assert (result.status, result.json["state"]) == (130, "stopped")
    result = command("resume", run, "--json")
    assert (result.status, result.json["state"]) == (0, "finished")
    assert math.isfinite(result.json["test"]["width"]["rmse"])
    assert command("resume", run).status == 2


@pytest.mark.slow
def test_control_c_stops_the_run_keeps_it_and_exits_with_130(spec: Path, home: Path) -> None:
    words = [sys.executable, "-m", "mtl_core", "train", str(spec), "--set", "training.epochs=1000000", "--json"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}, text=True)
    try:
        end = time.monotonic() + 60
        while not _training(home / "runs.sqlite"):
            assert time.monotonic() < end
            threading.Event().wait(0.2)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130, err
    assert json.loads(out)["state"] == "stopped"
    assert "Traceback" not in err


def _training(file: Path) -> bool:
    """Whether the newest run of a store has done some steps."""
    if not file.exists():
        return False
    with open_store(file) as store:
        progress = [run.progress for run in store.runs()[:1]]
    return any(one is not None and one.step > 5 for one in progress)


def test_a_reader_that_goes_away_is_no_fault(monkeypatch: pytest.MonkeyPatch, spec: Path, home: Path) -> None:
    words = [sys.executable, "-m", "mtl_core", "presets", "multidigits"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.close()
    assert process.stderr
    result = process.stderr.read()
    process.stderr.close()
    assert (process.wait(60), result) == (0, "")


def test_every_verb_has_its_command() -> None:
    assert all(callable(load_command(verb)) for verb in VERBS)
    assert callable(main)

"""The verbs ``evaluate``, ``predict`` and ``export`` on runs and on folders of models.

Covers: mtl_core/evaluation/model_bundle.py, mtl_core/evaluation/predictions.py, mtl_core/export/series_csv.py.
"""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from mtl_core.datasets.preparation import load
from mtl_core.spec import load_spec
from tests.architectures.folders import text_folder
from tests.cli.conftest import Command


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def trained_runs(seeds_template: Path, home: Path) -> None:
    """Runs 1 and 2: two seeds of one study."""
    shutil.copytree(seeds_template, home)


@pytest.fixture
def folder(command: Command, trained_runs: None, tmp_path: Path) -> Path:
    """The models of runs 1 and 2."""
    assert command("export", "study:1", "--to", "models", "--out", tmp_path / "iris").status == 0
    return tmp_path / "iris"


def test_the_predictions_of_a_run_have_a_row_per_row_and_score_what_evaluate_says(
    command: Command, trained_runs: None, spec: Path, tmp_path: Path
) -> None:
    out = tmp_path / "test.csv"
    result = command("predict", 1, "--out", out)
    assert result.status == 0, result.err
    rows = _read(out)
    experiment = load_spec(spec)
    data = load(experiment.dataset, experiment.tasks)
    assert [int(row["row"]) - 1 for row in rows] == data.test.rows.tolist()  # type: ignore[union-attr]
    classes = data.targets["species"].classes
    assert list(rows[0]) == [
        "row", "species.predicted", *(f"species.p.{name}" for name in classes), "species.truth",
        "width.predicted", "width.truth",
    ]  # fmt: skip
    for row in rows:
        p = {name: float(row[f"species.p.{name}"]) for name in classes}
        assert sum(p.values()) == pytest.approx(1, abs=1e-8)
        assert row["species.predicted"] == max(p, key=lambda name: p[name])
        assert row["width.truth"] == f"{round(float(row['width.truth']), 1):g}"  # as in the data, without noise
    right = np.mean([row["species.predicted"] == row["species.truth"] for row in rows])
    errors = [float(row["width.predicted"]) - float(row["width.truth"]) for row in rows]
    scores = command("evaluate", 1, "--json").json["metrics"]
    assert right == pytest.approx(scores["species"]["accuracy"], abs=1e-6)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(scores["width"]["rmse"], rel=1e-5)


def test_several_runs_predict_their_mean(command: Command, trained_runs: None, tmp_path: Path) -> None:
    for name, runs in (("1", ("1",)), ("2", ("2",)), ("both", ("1", "2"))):
        assert command("predict", *runs, "--split", "val", "--out", tmp_path / f"{name}.csv").status == 0
    one, two, both = (_read(tmp_path / f"{name}.csv") for name in ("1", "2", "both"))
    for first, second, mean in zip(one, two, both, strict=True):
        for column in mean:
            if ".p." in column or column == "width.predicted":
                expected = (float(first[column]) + float(second[column])) / 2
                assert float(mean[column]) == pytest.approx(expected, rel=1e-4, abs=1e-6), column
            elif column.endswith(".truth") or column == "row":
                assert mean[column] == first[column]


def test_a_missing_truth_is_an_empty_cell(command: Command, tmp_path: Path) -> None:
    lines = ["x,a,b", *(f"{i},{i % 7},{'' if i % 4 == 0 else 2 * i}" for i in range(40))]
    (tmp_path / "data.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "spec.yaml").write_text(
        "version: 1\ndataset: {kind: table, path: data.csv, inputs: [x]}\n"
        "tasks: [{name: a, kind: regression, target: a}, {name: b, kind: regression, target: b}]\n"
        "training: {epochs: 1, device: cpu}\n",
        encoding="utf-8",
    )
    assert command("train", tmp_path / "spec.yaml").status == 0
    assert command("predict", 1, "--split", "train", "--out", tmp_path / "out.csv").status == 0
    for row in _read(tmp_path / "out.csv"):
        i = int(row["row"]) - 1
        assert row["a.truth"] == str(i % 7)
        assert row["b.truth"] == ("" if i % 4 == 0 else str(2 * i))


def test_tags_are_predicted_to_the_end_of_each_text_and_score_what_evaluate_says(
    command: Command, tmp_path: Path
) -> None:
    texts = ["sun rises" + " again" * (i % 4) for i in range(60)]
    tags = ["N V" + " A" * (i % 4) if i % 5 else "" for i in range(60)]
    frame = pd.DataFrame({"text": texts, "tags": tags, "long": [i % 2 for i in range(60)]})
    frame.to_csv(tmp_path / "texts.csv", index=False)
    (tmp_path / "spec.yaml").write_text(
        "version: 1\ndataset: {kind: table, path: texts.csv, inputs: [text], types: {text: text, tags: text}}\n"
        "tasks: [{name: tags, kind: tagging, target: tags}, {name: long, kind: binary, target: long}]\n"
        "model: {shared: [{kind: embedding, dim: 4}], heads: {long: [{kind: global_max_pool}]}}\n"
        "training: {epochs: 3, device: cpu}\n",
        encoding="utf-8",
    )
    assert command("train", tmp_path / "spec.yaml").status == 0
    assert command("predict", 1, "--split", "test", "--out", tmp_path / "out.csv").status == 0
    rows = _read(tmp_path / "out.csv")
    right = []
    for row in rows:
        predicted, truth = row["tags.predicted"].split(), row["tags.truth"].split()
        assert len(predicted) == len(texts[int(row["row"]) - 1].split())
        right += [one == other for one, other in zip(predicted, truth, strict=bool(truth))]
    scores = command("evaluate", 1, "--json").json["metrics"]["tags"]
    assert np.mean(right) == pytest.approx(scores["accuracy"], abs=1e-6)


def test_texts_through_a_pretrained_model_are_trained_predicted_and_exported(command: Command, tmp_path: Path) -> None:
    text_folder(tmp_path / "bert")
    topics = {"sky": "the moon rises again", "sea": "suns . again"}
    frame = pd.DataFrame(
        [{"text": text, "topic": topic, "n": len(text) + i / 50} for i in range(20) for topic, text in topics.items()]
    )
    frame.to_csv(tmp_path / "texts.csv", index=False)
    (tmp_path / "spec.yaml").write_text(
        "version: 1\n"
        "dataset: {kind: table, path: texts.csv, inputs: [text], types: {text: text}, text: {tokenizer: bert}}\n"
        "tasks: [{name: topic, kind: binary, target: topic}, {name: n, kind: regression, target: n}]\n"
        "model: {shared: [{kind: pretrained, path: bert}]}\n"
        "training: {epochs: 12, batch_size: 8, device: cpu, optimizer: {kind: adam, lr: 0.005}}\n",
        encoding="utf-8",
    )
    result = command("train", tmp_path / "spec.yaml")
    assert result.status == 0, result.err
    scores = command("evaluate", 1, "--json").json
    assert scores["metrics"]["topic"]["accuracy"] == 1
    assert command("predict", 1, "--out", tmp_path / "store.csv").status == 0
    for row in _read(tmp_path / "store.csv"):
        assert row["topic.predicted"] == row["topic.truth"]
    assert command("export", 1, "--to", "models", "--out", tmp_path / "models").status == 0
    assert command("predict", tmp_path / "models", "--out", tmp_path / "folder.csv").status == 0
    assert (tmp_path / "folder.csv").read_bytes() == (tmp_path / "store.csv").read_bytes()
    (tmp_path / "bert" / "tokenizer.json").unlink()
    gone = command("predict", 1, "--out", tmp_path / "gone.csv")
    assert gone.status == 2
    assert "dataset.text.tokenizer: needs a folder with a tokenizer.json" in gone.err


def test_a_folder_of_models_is_read_without_the_store(
    command: Command, folder: Path, home: Path, tmp_path: Path
) -> None:
    scores = command("evaluate", 1, 2, "--ensemble", "--json").json
    assert command("predict", 1, 2, "--out", tmp_path / "store.csv").status == 0
    moved = tmp_path / "elsewhere" / "models"
    moved.parent.mkdir()
    folder.rename(moved)
    shutil.rmtree(home)
    assert command("evaluate", moved, "--json").json == scores
    assert command("predict", moved, "--out", tmp_path / "folder.csv").status == 0
    assert (tmp_path / "folder.csv").read_bytes() == (tmp_path / "store.csv").read_bytes()


def test_a_folder_holds_specs_weights_and_a_manifest_and_nothing_else(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "manifest.json", "run-1.safetensors", "run-1.yaml", "run-2.safetensors", "run-2.yaml",
    ]  # fmt: skip
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert [(one["run"], one["seed"]) for one in told["members"]] == [(1, 1), (2, 2)]
    assert told["preprocessing"]["targets"]["species"]["classes"]
    with safe_open(folder / "run-1.safetensors", framework="np") as file:
        assert all(name.startswith("model/") for name in file.keys())  # noqa: SIM118
    assert load_spec(folder / "run-2.yaml").training.seed == 2


def test_a_run_that_begins_with_a_model_of_a_folder_keeps_its_tasks_in_their_units(
    command: Command, folder: Path, spec: Path
) -> None:
    ends = []
    for start in ("{kind: from_run, run: 1}", f"{{kind: from_file, path: {folder / 'run-1.safetensors'}}}"):
        other = ("--set", "dataset.split.seed=5", "--set", "training.epochs=1", "--set", "training.keep.kind=freeze")
        result = command("train", spec, *other, "--set", f"training.start_from={start}", "--json")
        assert result.status == 0, result.err
        ends.append(result.json["test"])
    assert ends[0] == ends[1]


def test_one_run_in_a_folder_is_evaluated_like_the_run(command: Command, trained_runs: None, tmp_path: Path) -> None:
    assert command("export", 2, "--to", "models", "--out", tmp_path / "one").status == 0
    assert command("evaluate", tmp_path / "one", "--json").json == command("evaluate", 2, "--json").json


def test_nothing_is_overwritten_unless_it_may_be(command: Command, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep", encoding="utf-8")
    table = tmp_path / "out.csv"
    table.write_text("keep", encoding="utf-8")
    for words in (
        ("export", 1, "--to", "models", "--out", folder),
        ("export", 1, "--to", "models", "--out", mine),
        ("export", 1, "--to", "models", "--out", mine, "--force"),
        ("export", 1, "--to", "models", "--out", table, "--force"),
        ("predict", 1, "--out", table),
        ("predict", 1, "--out", mine, "--force"),
    ):
        result = command(*words)
        assert (result.status, result.err.count("\n")) == (2, 1), words
    assert (mine / "letter.txt").read_text() == table.read_text() == "keep"
    assert command("export", 1, "--to", "models", "--out", folder, "--force").status == 0
    assert command("evaluate", folder, "--json").json["run"] == 1
    assert command("predict", 1, "--out", table, "--force").status == 0
    assert len(_read(table)) > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "iris", "mine", "out.csv"]


def test_what_cannot_be_written_is_said_and_leaves_nothing(
    command: Command, trained_runs: None, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    for out in (tmp_path / "nowhere" / "x", tmp_path / "file" / "x"):
        for words in (("predict", 1), ("export", 1, "--to", "models"), ("export", 1)):
            result = command(*words, "--out", out)
            assert (result.status, result.err.count("\n")) == (2, 1), words
            assert f"{out}: cannot be written" in result.err
    assert sorted(tmp_path.iterdir()) == before


def test_runs_that_do_not_belong_together_write_nothing(
    command: Command, trained_runs: None, spec: Path, tmp_path: Path
) -> None:
    alone = "tasks=[{name: species, kind: multiclass, target: species}]"
    assert command("train", spec, "--set", alone).status == 0
    for words in (("predict", 1, 3), ("export", 1, 3, "--to", "models")):
        result = command(*words, "--out", tmp_path / "x")
        assert (result.status, "same tasks" in result.err) == (2, True), words
    result = command("export", 1, 2, "--out", tmp_path / "x")
    assert (result.status, "--to models" in result.err) == (2, True)
    assert not (tmp_path / "x").exists()


def test_a_run_that_is_not_over_or_has_no_checkpoint_is_refused(
    command: Command, trained_runs: None, spec: Path, home: Path, tmp_path: Path
) -> None:
    from mtl_core.store import open_store

    with open_store(home / "runs.sqlite") as store:
        waiting, failed = (store.create_run(load_spec(spec)) for _ in range(2))
        store.finish(failed, "failed", "no memory")
    for run, says in ((waiting, "has not ended"), (failed, "has no checkpoint")):
        for words in (
            ("predict", run, "--out", tmp_path / "x"),
            ("export", 1, run, "--to", "models", "--out", tmp_path / "x"),
            ("evaluate", 1, run, "--ensemble"),
        ):
            result = command(*words)
            assert (result.status, result.err.count("\n"), says in result.err) == (2, 1, True), result.err


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("manifest.json", None, "no manifest.json"),
        ("manifest.json", "{", "manifest.json: is incomplete or damaged"),
        ("manifest.json", '{"format": 2}', "of format 1"),
        ("manifest.json", "[" * 100_000, "manifest.json: is incomplete or damaged"),
        ("run-1.yaml", "version: 1", "run-1.yaml: is incomplete or damaged"),
        ("manifest.json", '{"format": 1, "fingerprint": "", "members": []}', "is incomplete or damaged"),
        (
            "manifest.json",
            '{"format": 1, "fingerprint": "", "members": [{"run": 1, "spec": "../x.yaml", "weights": "y"}]}',
            "is incomplete or damaged",
        ),
        ("run-1.yaml", None, "there is no such file"),
        ("run-2.safetensors", None, "there is no such checkpoint"),
        ("run-2.safetensors", "no", "is not a whole checkpoint"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_in_one_line(
    command: Command, folder: Path, name: str, text: str | None, says: str
) -> None:
    if text is None:
        (folder / name).unlink()
    else:
        (folder / name).write_text(text, encoding="utf-8")
    result = command("evaluate", folder)
    assert (result.status, result.err.count("\n")) == (2 if says == "no manifest.json" else 3, 1)
    assert says in result.err


def test_a_folder_is_named_alone(command: Command, folder: Path) -> None:
    result = command("evaluate", folder, 1, "--ensemble")
    assert (result.status, "cannot be combined" in result.err) == (2, True)

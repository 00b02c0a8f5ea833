"""Every place of a spec where a kind is chosen, found by walking the spec, and a small experiment for each."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from pydantic.fields import FieldInfo
from safetensors.numpy import save_file

from mtl_core.datasets.description import describe
from mtl_core.spec import ExperimentSpec, Spec, TableDataset, kind_of, members, spec_from_data
from mtl_core.spec.tasks import TASK_KINDS
from mtl_core.store import sqlite
from tests.datasets.media import COLORS, write_class_folder, write_picture, write_tone

ROWS = 40
_TARGETS: dict[str, str | list[str]] = {
    "multiclass": "city",
    "multilabel": ["glasses", "beard"],
    "distribution": ["p", "q"],
    "segmentation": "mask",
    "tagging": "tags",
    "objective": ["p", "q"],
}
"""Where the first columns of the table that a kind allows would not do."""
_SPLIT_SETTINGS: dict[str, dict[str, Any]] = {
    "group": {"column": "p"},
    "time": {"column": "p"},
    "column": {"column": "smoker", "train_values": ["y"], "test_values": ["n"]},
}
"""What a kind of split needs beside its kind."""

_ARRAYS = {"age": "i8", "height": "f4", "city": "U1"}
"""The columns of the table that are arrays, and the types of these."""


def kinds_by_place() -> dict[str, tuple[type[Spec], ...]]:
    """Where in an experiment a kind is chosen, and what can be chosen there."""
    places: dict[str, dict[type[Spec], None]] = {}
    for place, kinds in _walk(ExperimentSpec, "", ()):
        places.setdefault(place, {}).update(dict.fromkeys(kinds))
    return {place: tuple(kinds) for place, kinds in places.items()}


_Members = tuple[type[Spec], ...]


def _walk(spec: type[Spec], path: str, above: tuple[_Members, ...]) -> Iterator[tuple[str, _Members]]:
    """The places in a class; a union within itself, as layers in a block of layers, is the same place."""
    for name, field in spec.model_fields.items():
        place = f"{path}.{name}".lstrip(".")
        for found in _unions(field):
            if found in above:
                continue
            if any(kind_of(member) for member in found):
                yield place, found
            for member in found:
                yield from _walk(member, place, (*above, found))


def _unions(field: FieldInfo) -> Iterator[tuple[type[Spec], ...]]:
    """The unions or classes that stand in an annotation, however deep."""
    waiting: list[Any] = [field.annotation]
    while waiting:
        annotation = waiting.pop()
        if found := members(annotation):
            yield found
        else:
            waiting += get_args(annotation)


def experiment_with(place: str, member: type[Spec], folder: Path) -> ExperimentSpec:
    """A small experiment on a table in ``folder`` that holds ``member`` at ``place`` and can be trained."""
    given = {"kind": kind_of(member)}
    data = _small(folder)
    match place:
        case "dataset" if kind_of(member) == "bundled":
            data["dataset"] = given | {"name": "linnerud"}
            data["tasks"] = [{"name": name, "kind": "regression", "target": name} for name in ("weight", "pulse")]
            data["model"]["heads"] = {}
        case "tasks" | "dataset.split.tasks":
            data["tasks"] = [given | {"name": "first", "target": _target(kind_of(member), data)}, *data["tasks"][1:]]
            if kind_of(member) == "segmentation":
                _on_images(data)
            elif kind_of(member) == "tagging":
                _on_text(data)
            elif kind_of(member) == "objective":
                data["model"]["heads"] = {"first": [{"kind": "linear", "out_features": 2}]}
            if place != "tasks":
                data["dataset"]["split"] = {"tasks": data["tasks"]}
        case "model.shared":
            if kind_of(member) == "pretrained":
                _on_images(data)
            data["model"]["shared"] = [given]
        case "dataset.inputs":
            _read_named(data, folder, given)
        case "dataset.inputs.augmentation":
            kind = "sound" if "mask" in given["kind"] else "image"
            _read_named(data, folder, {"kind": kind, "augmentation": [given]})
        case "dataset.inputs.numeric_inputs" | "dataset.inputs.categorical_inputs":
            _read_named(data, folder, {"kind": "table", place.rpartition(".")[2]: given})
        case "model.fusion":
            data["dataset"]["inputs"] = {name: {"kind": "table", "columns": [name]} for name in ("age", "glasses")}
            layers = [{"kind": "linear", "out_features": 4}]
            data |= {"version": 2, "model": {"inputs": {"age": layers, "glasses": layers}, "fusion": given}}
        case "model.inputs":
            if kind_of(member) == "pretrained":
                _on_images(data)
            data["model"]["inputs"] = {_input_name(member): [given]}
        case "model.heads":
            data["model"]["heads"] = {"first": [given]}
        case "dataset" if kind_of(member) == "image_folder":
            path = write_class_folder(folder / "colors", 8)
            data |= {"version": 2, "dataset": given | {"path": str(path)}}
            data["tasks"] = [{"name": "class", "kind": "multiclass", "target": "class"}]
            data["model"]["shared"] = [{"kind": "global_avg_pool"}]
        case "dataset" if kind_of(member) in ("query", "arrays"):
            data["dataset"] = given | {"inputs": ["age"]} | _stored(kind_of(member), Path(data["dataset"]["path"]))
        case "dataset":
            data["dataset"] |= given
        case "dataset.split":
            data["dataset"]["split"] = given | _SPLIT_SETTINGS.get(kind_of(member), {})
        case "training.start_from" if kind_of(member) == "from_file":
            save_file({"shared.0.weight": np.ones((4, 1), np.float32)}, folder / "trunk.safetensors")
            _put(data, place, given | {"path": str(folder / "trunk.safetensors")})
        case "training.keep":
            _put(data, place, given)
            shapes = {"shared.0": (4, 1), "heads.task_first.0": (1, 4)}
            weights = {f"{layer}.weight": np.full(shape, 0.1, np.float32) for layer, shape in shapes.items()}
            biases = {f"{layer}.bias": np.zeros(shape[0], np.float32) for layer, shape in shapes.items()}
            save_file({**weights, **biases}, folder / "old.safetensors")
            _put(data, "training.start_from", {"kind": "from_file", "path": str(folder / "old.safetensors")})
        case _:
            _put(data, place, given)
    return spec_from_data(data)


def _read_named(data: dict[str, Any], folder: Path, given: dict[str, Any]) -> None:
    """Read one input, which has the name ``one``; pictures and sounds are one file in all rows."""
    column = {"table": "age", "text": "smoker"}.get(given["kind"], given["kind"])
    if column in ("image", "sound"):
        name = "one.png" if column == "image" else "one.wav"
        if column == "image":
            write_picture(folder / name, COLORS["red"], 0, (4, 4))
        else:
            write_tone(folder / name, 440.0, 0.05)
        header, *rows = (folder / "people.csv").read_text("utf-8").splitlines()
        lines = [f"{header},{column}", *(f"{row},{name}" for row in rows)]
        (folder / "people.csv").write_text("\n".join(lines), "utf-8")
    settings = {"image": {"size": [4, 4]}, "sound": {"rate": 4000, "seconds": 0.05, "mels": 4}, "text": {}}
    columns = {"columns": [column, "glasses"]} if column == "age" else {"column": column}
    data["dataset"]["inputs"] = {"one": given | columns | settings.get(given["kind"], {})}
    data["dataset"]["types"] = {"smoker": "text"} if column == "smoker" else {}
    words = [{"kind": "embedding"}, {"kind": "global_avg_pool"}]
    layers = {"text": words, "image": [{"kind": "flatten"}], "sound": [{"kind": "flatten"}]}
    data["model"]["inputs"] = {"one": [*layers.get(given["kind"], []), {"kind": "linear", "out_features": 4}]}
    data["version"] = 2


def _stored(kind: str, table: Path) -> dict[str, str]:
    """The settings of a data set with the rows of a table in a database or as arrays."""
    frame = pd.read_csv(table)
    if kind == "arrays":
        np.savez(table.with_suffix(".npz"), **{name: frame[name].to_numpy().astype(_ARRAYS[name]) for name in _ARRAYS})
        return {"path": str(table.with_suffix(".npz"))}
    with closing(sqlite.library().connect(table.with_suffix(".db"))) as database, database:
        database.execute(f"CREATE TABLE people ({', '.join(frame.columns)})")
        marks = ", ".join("?" * len(frame.columns))
        database.executemany(f"INSERT INTO people VALUES ({marks})", frame.astype(object).to_numpy().tolist())
    return {"url": f"sqlite:///{table.with_suffix('.db')}", "sql": "SELECT * FROM people"}


def _target(kind: str, data: Mapping[str, Any]) -> str | list[str]:
    """A target of a kind of task: the first columns of the table that allow it."""
    if kind in _TARGETS:
        return _TARGETS[kind]
    info = describe(TableDataset(path=data["dataset"]["path"], inputs=("age",)))
    columns = [column for column in info.columns if column.name != "age"]
    task = TASK_KINDS[kind]
    allowed = (each for each in combinations(columns, task.fewest) if task.suggestion(each) is not None)
    names = [column.name for column in next(allowed)]
    return names[0] if len(names) == 1 else names


def _input_name(layer: type[Spec]) -> str:
    """The name of the only input that a layer may read."""
    return "image" if kind_of(layer) == "pretrained" else "table"


def path_of(place: str, member: type[Spec]) -> str:
    """The path of the kind in what :func:`experiment_with` returns for this place."""
    in_lists = {
        "model.inputs": f"model.inputs.{_input_name(member)}[0]",
        "model.shared": "model.shared[0]",
        "model.heads": "model.heads.first[0]",
        "dataset.inputs": "dataset.inputs.one",
        "dataset.inputs.categorical_inputs": "dataset.inputs.one.categorical_inputs",
        "dataset.inputs.numeric_inputs": "dataset.inputs.one.numeric_inputs",
        "dataset.inputs.augmentation": "dataset.inputs.one.augmentation[0]",
    }
    return {"tasks": "tasks[0]", "dataset.split.tasks": "dataset.split.tasks[0]", **in_lists}.get(place, place)


def _small(folder: Path) -> dict[str, Any]:
    lines = ["age,height,smoker,city,glasses,beard,p,q"]
    for i in range(ROWS):
        share = i % 5 / 10
        words = f"{20 + i % 7},{150 + 3 * (i % 11)},{'yn'[i % 2]},{'abc'[i % 3]}"
        lines.append(f"{words},{i % 2},{i // 2 % 2},{share},{1 - share}")
    table = folder / "people.csv"
    table.write_text("\n".join(lines), "utf-8")
    return {
        "version": 1,
        "name": "contract",
        "dataset": {"kind": "table", "path": str(table), "inputs": ["age"]},
        "tasks": [
            {"name": "first", "kind": "regression", "target": "height"},
            {"name": "second", "kind": "multiclass", "target": "city"},
        ],
        "model": {"shared": [{"kind": "linear", "out_features": 4}], "heads": {}},
        "training": {"epochs": 2, "batch_size": 16, "checkpoint_seconds": 60},
    }


def _on_images(data: dict[str, Any]) -> None:
    split = data["dataset"].get("split", {})
    data["dataset"] = {"kind": "bundled", "name": "shapes", "split": split}
    for task in (*data["tasks"], *split.get("tasks", ())):
        task["target"] = {"regression": "x", "multiclass": "shape"}.get(task["kind"], task["target"])
    data["model"]["shared"] = [{"kind": "avg_pool2d", "kernel_size": 8}, {"kind": "conv2d", "out_channels": 4}]
    data["training"]["batch_size"] = 700


def _on_text(data: dict[str, Any]) -> None:
    split = data["dataset"].get("split", {})
    data["dataset"] = {"kind": "bundled", "name": "sentences", "split": split}
    for task in (*data["tasks"], *split.get("tasks", ())):
        task["target"] = "topic" if task["kind"] == "multiclass" else task["target"]
    data["model"]["shared"] = [{"kind": "embedding", "vocabulary": 50, "dim": 4}]
    data["training"]["batch_size"] = 700


def _put(data: dict[str, Any], place: str, value: Mapping[str, Any]) -> None:
    *above, last = place.split(".")
    for name in above:
        data = data.setdefault(name, {})
    data[last] = dict(value)

"""Inputs by name, prepared from a table: each as it would be alone, with the rows that lack one.

Covers: mtl_core/datasets/inputs/table.py, mtl_core/datasets/inputs/text.py, mtl_core/datasets/inputs/input_kind.py.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, MulticlassTask, RegressionTask, TableDataset, dataset_from_data, presence_key

ROWS = 60
TASKS = (MulticlassTask(name="kind", target="kind"), RegressionTask(name="price", target="price"))
NAMED = {
    "behaviour": {"kind": "table", "columns": ["views", "region"]},
    "title": {"kind": "text", "column": "title", "max_length": 4},
}
Load = Callable[..., TaskData]


def write_rows(path: Path, *, rows: int = ROWS, targets: bool = True) -> Path:
    """Every fifth row has no title, every seventh no views and no region."""
    lines = ["views,region,title" + (",kind,price" if targets else "")]
    for i in range(rows):
        views, region = ("", "") if i % 7 == 0 else (str(i * 3 % 11), "xyz"[i % 3])
        title = "" if i % 5 == 0 else " ".join(["red", "blue", "sun", "moon", "cat"][: 1 + i % 5])
        lines.append(f"{views},{region},{title}" + (f",{'ab'[i % 2]},{i / 10}" if targets else ""))
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def loaded(tmp_path: Path) -> Load:
    table = write_rows(tmp_path / "rows.csv")

    def load_inputs(inputs: Any, **settings: Any) -> TaskData:
        data = {"kind": "table", "path": str(table), "inputs": inputs, "types": {"title": "text"}, **settings}
        return load(dataset_from_data(data), TASKS)

    return load_inputs


def test_each_input_is_what_it_would_be_alone(loaded: Load) -> None:
    both = loaded(NAMED)
    table, text = loaded(["views", "region"]), loaded(["title"], text={"max_length": 4})
    assert both.input_shapes == {"behaviour": table.input_shapes["table"], "title": text.input_shapes["text"]}
    for name, split in both.splits.items():
        assert torch.equal(split.inputs["behaviour"], table.splits[name].inputs["table"])
        assert torch.equal(split.inputs["title"], text.splits[name].inputs["text"])
    assert json.loads(json.dumps(both.preprocessing)) == both.preprocessing


def test_rows_that_lack_an_input_are_marked_and_no_others(loaded: Load) -> None:
    data = loaded(NAMED)
    for split in data.splits.values():
        assert split.rows is not None
        assert torch.equal(split.inputs[presence_key("title")], split.rows % 5 != 0)
        assert torch.equal(split.inputs[presence_key("behaviour")], split.rows % 7 != 0)
    alone = loaded({"title": NAMED["title"]})
    assert alone.train.inputs.keys() == {"title"}, "a row that lacks its only input is read as empty"


def test_the_fingerprint_depends_on_what_the_tensors_depend_on(loaded: Load) -> None:
    longer = {**NAMED, "title": {**NAMED["title"], "max_length": 3}}
    renamed = {"habits": NAMED["behaviour"], "title": NAMED["title"]}
    prints = [loaded(inputs).fingerprint for inputs in (NAMED, NAMED, longer, renamed)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3
    assert loaded(NAMED, text={"max_length": 9}).fingerprint == prints[0], "a setting of the short form"


def test_new_rows_may_lack_inputs_and_are_read_as_the_training_rows_were(loaded: Load, tmp_path: Path) -> None:
    data = loaded(NAMED)
    preprocessing = json.loads(json.dumps(data.preprocessing))
    (rows,) = read_new_rows(str(write_rows(tmp_path / "new.csv", targets=False)), preprocessing).batches()
    assert data.train.rows is not None
    for name, tensor in data.train.inputs.items():
        assert torch.equal(rows.inputs[name][data.train.rows], tensor)
    assert np.flatnonzero(~rows.readable).tolist() == [0, 35], "rows that lack every input"
    complete = tmp_path / "complete.csv"
    complete.write_text("views,region,title\n1,x,red sun\n", encoding="utf-8")
    (complete_rows,) = read_new_rows(str(complete), preprocessing).batches()
    assert complete_rows.inputs.keys() == {"behaviour", "title"}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"a": {"kind": "table", "columns": ["views", "gone"]}}, r"dataset\.inputs\.a\.columns\[1\]: there is no such"),
        ({"a": {"kind": "table", "columns": ["title"]}}, r"dataset\.inputs\.a\.columns\[0\]: a text is no column"),
        ({"a": {"kind": "table", "columns": ["views", "kind"]}}, r"columns\[1\]: a column is an input or a target"),
        ({"a": {"kind": "text", "column": "region"}}, r"dataset\.inputs\.a\.column: must be a column read as text"),
        ({"a": {"kind": "text", "column": "gone"}}, r"dataset\.inputs\.a\.column: there is no such column"),
        ({"a": {"kind": "image", "column": "gone"}}, r"dataset\.inputs\.a\.column"),
    ],
    ids=str,
)
def test_an_input_that_does_not_fit_its_columns_is_refused_at_its_place(
    loaded: Load, inputs: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        loaded(inputs)


def test_a_data_set_of_no_input_is_refused(tmp_path: Path) -> None:
    dataset = TableDataset(path=str(write_rows(tmp_path / "rows.csv")), inputs=())
    with pytest.raises(InputError, match="name at least one input column"):
        load(dataset, TASKS)

"""Input columns of a model, and one new row from values by column.

Covers: mtl_core/datasets/input_fields.py.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.datasets.input_columns import input_columns, new_row
from mtl_core.datasets.input_fields import describe_fields
from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.datasets.preparation import load
from mtl_core.datasets.registry import open_source
from mtl_core.errors import InputError
from mtl_core.spec import ExperimentSpec, spec_from_data

ROWS = 60


def spec_of(folder: Path, **dataset: Any) -> ExperimentSpec:
    rng = np.random.default_rng(0)
    lines = ["size;kind;day;story;y"]
    for i in range(ROWS):
        kind = "abc"[rng.integers(3)] if i % 9 else ""
        lines.append(f"{rng.normal(5, 2):.2f}".replace(".", ",") + f";{kind};{1 + i % 28}.03.2021;a dog number {i};{i}")
    (folder / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    inputs = {
        "table": {"kind": "table", "columns": ["size", "kind", "day"]},
        "story": {"kind": "text", "column": "story"},
    }
    return spec_from_data(
        {
            "version": 2,
            "dataset": {
                "kind": "table",
                "path": str(folder / "rows.csv"),
                "inputs": inputs,
                "types": {"story": "text"},
                **dataset,
            },
            "tasks": [{"name": "y", "kind": "regression", "target": "y"}],
            "model": {
                "inputs": {} if "inputs" in dataset else {"story": [{"kind": "embedding", "dimensions": 4}]},
                "shared": [{"kind": "linear", "out_features": 4}],
            },
        }
    )


@pytest.mark.parametrize("parts", [{}, {"date_features": {"day": ["month", "weekday", "elapsed"]}}])
def test_fields_describe_the_columns_and_a_row_is_read_as_in_a_file(tmp_path: Path, parts: dict[str, Any]) -> None:
    spec = spec_of(tmp_path, **parts)
    data, source = load(spec.dataset, spec.tasks), open_source(spec.dataset)
    kinds = {column.name: column.kind for column in input_columns(data.preprocessing)}
    assert kinds == {"size": "number", "kind": "category", "day": "date", "story": "text"}
    form = describe_fields(data.preprocessing, ["y"], (data, source))
    fields = {field.column: field for field in form.fields}
    train = data.train.rows
    assert train is not None
    sizes = source.columns["size"].numbers[train.numpy()]
    assert (fields["size"].low, fields["size"].high) == pytest.approx(np.quantile(sizes, (0.01, 0.99)))
    assert fields["size"].typical == pytest.approx(np.median(sizes))
    assert set(fields["kind"].categories) <= {"a", "b", "c"}
    assert str(fields["day"].typical).startswith("2021-03-")
    assert str(fields["story"].typical).startswith("a dog number")
    assert len(form.rows) == len(data.val)

    for number, cells in zip(form.rows, form.cells, strict=True):
        line = (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()
        (tmp_path / "one.csv").write_text("\n".join([line[0], line[number]]), encoding="utf-8")
        by_file = next(read_new_rows(str(tmp_path / "one.csv"), data.preprocessing).batches())
        by_form = next(new_row(dict(zip(fields, cells, strict=True)), data.preprocessing).batches())
        for name, tensor in by_file.inputs.items():
            assert tensor.equal(by_form.inputs[name]), name


def test_without_the_data_ranges_follow_from_the_preprocessing(tmp_path: Path) -> None:
    for kind in ("standardized", "piecewise_linear", "min_max", "robust", "logarithmic", "quantile_normal"):
        spec = spec_of(tmp_path, inputs={"t": {"kind": "table", "columns": ["size"], "numeric_inputs": {"kind": kind}}})
        form = describe_fields(load(spec.dataset, spec.tasks).preprocessing, ["y"])
        (size,) = form.fields
        assert size.low is not None
        assert size.high is not None
        assert -3 < size.low < 5 < size.high < 20, kind
        assert form.rows == ()


def test_an_unknown_column_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    spec = spec_of(tmp_path)
    preprocessing = load(spec.dataset, spec.tasks).preprocessing
    with pytest.raises(InputError, match="Did you mean size"):
        new_row({"sise": 1.0}, preprocessing)
    row = new_row({"size": 1.0}, preprocessing)
    list(row.batches())
    assert any("'day' has no value" in note for note in row.notes())


def test_pictures_of_a_data_set_are_no_columns() -> None:
    with pytest.raises(InputError, match="pictures that come with its data set"):
        input_columns({"kind": "image", "mean": 0.5, "std": 0.2})

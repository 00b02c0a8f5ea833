"""What a list of reviewed rows does to labels and splits: other rows keep their split."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preflight.checked_data import open_data
from mtl_core.datasets.preparation import load
from mtl_core.datasets.registry import open_source
from mtl_core.datasets.reviewed_rows import row_digest
from mtl_core.errors import InputError
from mtl_core.spec import ExperimentSpec, spec_from_data
from mtl_core.tabular.reviewed_list import ReviewedLine, append_lines

ROWS = 80


@pytest.fixture
def spec(tmp_path: Path) -> ExperimentSpec:
    """An experiment on a table with classes, labels and numbers, some of them missing."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=ROWS).round(3),
            "kind": rng.choice(["red", "green", "blue"], ROWS),
            "price": np.where(rng.random(ROWS) < 0.2, np.nan, rng.normal(size=ROWS)).round(3),
            "width": rng.normal(size=ROWS).round(3),
            "sold": rng.integers(0, 9, ROWS),
            "tags": rng.choice(["a", "a|b", "b|c"], ROWS),
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(tmp_path / "rows.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "kind", "kind": "multiclass", "target": "kind"},
                {"name": "size", "kind": "regression", "target": ["price", "width"]},
                {"name": "sold", "kind": "count", "target": "sold"},
                {"name": "tags", "kind": "multilabel", "target": "tags", "separator": "|"},
            ],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
        }
    )


def with_lines(spec: ExperimentSpec, *lines: ReviewedLine) -> ExperimentSpec:
    path = Path(spec.dataset.path + ".reviewed.jsonl")
    append_lines(path, lines)
    return spec.model_copy(update={"dataset": spec.dataset.model_copy(update={"reviewed": str(path)})})


def prepared(spec: ExperimentSpec) -> TaskData:
    return load(spec.dataset, spec.tasks)


def row_sets(data: TaskData) -> list[set[int]]:
    return [set(split.rows.tolist()) for split in data.splits.values() if split.rows is not None]


def target(data: TaskData, task: str, row: int) -> tuple[list[float] | float, bool | list[bool]]:
    """The target of a row as tensors have it, and whether it is present."""
    for split in data.splits.values():
        assert split.rows is not None
        found = np.flatnonzero(split.rows.numpy() == row - 1)
        if len(found):
            mask = split.masks.get(task)
            present = True if mask is None else mask[found[0]].tolist()
            return split.targets[task][found[0]].tolist(), present
    raise AssertionError(f"row {row} is in no split")


def test_without_a_list_nothing_changes_and_an_empty_one_is_like_none(spec: ExperimentSpec) -> None:
    plain = prepared(spec)
    assert prepared(with_lines(spec)).fingerprint == plain.fingerprint
    kept = with_lines(spec, ReviewedLine(row=1, action="leave out"), ReviewedLine(row=1, action="keep"))
    assert prepared(kept).fingerprint == plain.fingerprint


def test_rows_are_left_out_and_the_others_keep_their_split(spec: ExperimentSpec) -> None:
    plain = prepared(spec)
    some = [min(rows) + 1 for rows in row_sets(plain)]
    data = prepared(with_lines(spec, *(ReviewedLine(row=row, action="leave out") for row in some)))
    left_out = {row - 1 for row in some}
    assert row_sets(data) == [rows - left_out for rows in row_sets(plain)]
    assert data.fingerprint != plain.fingerprint
    notes = [str(note) for note in data.notes]
    assert any("3 rows are left out by the reviewed list" in note for note in notes)
    assert any("(1 of train, 1 of val, 1 of test)" in note for note in notes)
    assert any("3 lines" in note and "number of the row" in note for note in notes)


def test_labels_of_every_kind_are_changed_and_the_split_stays(spec: ExperimentSpec) -> None:
    plain = prepared(spec)
    digest = row_digest(open_source(spec.dataset), 4)
    changed = with_lines(
        spec,
        ReviewedLine(row=5, cells=digest, action="relabel", task="kind", label="red"),
        ReviewedLine(row=6, action="relabel", task="kind", label=None),
        ReviewedLine(row=5, action="relabel", task="size", label=(0.0, 1.0)),
        ReviewedLine(row=5, action="relabel", task="sold", label=7),
        ReviewedLine(row=5, action="relabel", task="tags", label=("a", "c")),
        ReviewedLine(row=5, action="relabel", task="shop", label="north"),
    )
    data = prepared(changed)
    assert row_sets(data) == row_sets(plain)
    classes = data.targets["kind"].classes
    assert target(data, "kind", 5) == (classes.index("red"), True)
    assert target(data, "kind", 6)[1] is False
    values, _ = target(data, "size", 5)
    info = data.targets["size"]
    assert np.allclose(values, (np.array([0.0, 1.0]) - info.mean) / info.std, atol=1e-6)
    sold = data.targets["sold"]
    assert np.allclose(target(data, "sold", 5)[0], 7.0 / np.array(sold.std))
    assert target(data, "tags", 5)[0] == [1.0, 0.0, 1.0]
    notes = [str(note) for note in data.notes]
    assert any("Task 'kind': 2 labels are changed" in note for note in notes)
    assert any("1 label of the reviewed list" in note and "no task 'shop'" in note for note in notes)
    checked = open_data(changed.dataset, changed.tasks)
    assert checked.labels[0].codes is not None
    assert checked.labels[0].codes[4] == classes.index("red")


def test_a_line_about_a_row_that_has_changed_is_refused_by_its_number(spec: ExperimentSpec) -> None:
    digest = row_digest(open_source(spec.dataset), 9)
    changed = with_lines(
        spec,
        ReviewedLine(row=10, cells=digest, action="leave out"),
        ReviewedLine(row=11, cells=digest, action="leave out"),
    )
    with pytest.raises(InputError, match=r"dataset.reviewed: line 2 names row 11, whose cells have changed"):
        prepared(changed)


def test_the_digest_does_not_depend_on_the_type_of_a_column_or_the_order_of_columns(spec: ExperimentSpec) -> None:
    digest = row_digest(open_source(spec.dataset), 0)
    as_text = spec.dataset.model_copy(update={"types": {"sold": "categorical"}})
    assert row_digest(open_source(as_text), 0) == digest
    path = Path(spec.dataset.path)
    frame = pd.read_csv(path)
    frame[frame.columns[::-1]].to_csv(path, index=False)
    assert row_digest(open_source(spec.dataset), 0) == digest
    assert row_digest(open_source(spec.dataset), 1) != digest


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (ReviewedLine(row=81, action="leave out"), "line 1 names row 81, but the data have 80 rows"),
        (ReviewedLine(row=1, action="relabel", task="kind", label="pink"), "line 1: task 'kind' has no such class"),
        (ReviewedLine(row=1, action="relabel", task="size", label=1.0), "needs a list of 2 numbers"),
        (ReviewedLine(row=1, action="relabel", task="sold", label=-1.0), "line 1: counts are 0, 1, 2"),
        (ReviewedLine(row=1, action="relabel", task="sold", label="many"), "needs a number"),
        (ReviewedLine(row=1, action="relabel", task="tags", label=("d",)), "needs a list of its labels"),
    ],
)
def test_a_line_that_does_not_suit_the_data_is_refused(spec: ExperimentSpec, line: ReviewedLine, message: str) -> None:
    with pytest.raises(InputError, match=message):
        prepared(with_lines(spec, line))


def test_a_list_may_not_leave_out_all_rows_of_a_split(spec: ExperimentSpec) -> None:
    rows = row_sets(prepared(spec))[1]
    lines = [ReviewedLine(row=row + 1, action="leave out") for row in rows]
    with pytest.raises(InputError, match="leaves out every row of the val split"):
        prepared(with_lines(spec, *lines))


def test_a_list_that_grows_is_read_again(spec: ExperimentSpec) -> None:
    first = with_lines(spec, ReviewedLine(row=1, action="leave out"))
    fingerprint = prepared(first).fingerprint
    assert prepared(with_lines(spec, ReviewedLine(row=2, action="leave out"))).fingerprint != fingerprint

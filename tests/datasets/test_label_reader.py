"""Targets of the kinds that read more than one class or number."""

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.spec import (
    BoxTask,
    BundledDataset,
    CountTask,
    DistributionTask,
    InputError,
    MulticlassTask,
    MultilabelTask,
    OrdinalTask,
    RegressionTask,
    SegmentationTask,
    TableDataset,
    Task,
)

ROWS = 40


def read(folder: Path, task: Task, **columns: list[Any]) -> TaskData:
    """The data of a table with one input and these columns, repeated to 40 rows."""
    names = ["x", *columns]
    lines = [",".join(names)]
    for i in range(ROWS):
        lines.append(",".join([str(i / 7), *(str(column[i % len(column)]) for column in columns.values())]))
    path = folder / "table.csv"
    path.write_text("\n".join(lines), "utf-8")
    return load(TableDataset(path=str(path), inputs=("x",)), (task,))


def rows_of(data: TaskData) -> torch.Tensor:
    return torch.cat([split.targets["t"] for split in (data.train, data.val, data.test)])


def test_columns_of_two_values_are_labels(tmp_path: Path) -> None:
    task = MultilabelTask(name="t", target=("red", "round"))
    data = read(tmp_path, task, red=[0, 1, 1, 0], round=["no", "yes", "no", "no"])
    info = data.targets["t"]
    assert (info.classes, info.outputs) == (("red", "round"), 2)
    assert rows_of(data).sum(0).tolist() == [ROWS / 2, ROWS / 4]
    assert info.counts == tuple(data.train.targets["t"].sum(0).int().tolist())


def test_labels_in_one_column_are_split_at_the_separator(tmp_path: Path) -> None:
    task = MultilabelTask(name="t", target="what", separator=";")
    data = read(tmp_path, task, what=["round; red", "red", "", "blue"])
    assert data.targets["t"].classes == ("blue", "red", "round")
    assert rows_of(data).sum(0).tolist() == [10, 20, 10]
    assert all(split.masks == {} for split in (data.train, data.val, data.test))  # rows without a label are left out


def test_a_row_that_lacks_one_of_several_labels_has_the_others(tmp_path: Path) -> None:
    task = MultilabelTask(name="t", target=("a", "b"))
    data = read(tmp_path, task, a=[0, 1], b=[1, 0, "", 1])
    assert len(rows_of(data)) == ROWS
    assert data.train.masks["t"].all(0).tolist() == [True, False]


def test_ordinal_classes_are_numbered_in_the_stated_order(tmp_path: Path) -> None:
    task = OrdinalTask(name="t", target="grade", order=("poor", "fair", "good"))
    data = read(tmp_path, task, grade=["good", "poor", "fair", "good"])
    assert data.targets["t"].classes == ("poor", "fair", "good")
    assert data.targets["t"].outputs == 2
    assert torch.bincount(rows_of(data)).tolist() == [10, 10, 20]


def test_numbers_of_an_ordinal_target_are_ordered_by_size(tmp_path: Path) -> None:
    data = read(tmp_path, OrdinalTask(name="t", target="y"), y=[10, 9, 2])
    assert data.targets["t"].classes == ("2", "9", "10")


def test_probabilities_are_made_to_sum_to_one(tmp_path: Path) -> None:
    data = read(tmp_path, DistributionTask(name="t", target=("p", "q")), p=[1, 0.2], q=[3, 0.8])
    torch.testing.assert_close(rows_of(data).sum(1), torch.ones(ROWS))
    assert data.targets["t"].outputs == 2


def test_counts_are_in_units_of_their_mean(tmp_path: Path) -> None:
    data = read(tmp_path, CountTask(name="t", target="n"), n=[0, 300, 700])
    assert data.targets["t"].mean == (0.0,)
    assert data.train.targets["t"].mean().item() == pytest.approx(1)
    assert (rows_of(data) >= 0).all()
    plain = read(tmp_path, CountTask(name="t", target="n", standardize=False), n=[0, 3, 7])
    assert set(rows_of(plain).flatten().tolist()) == {0.0, 3.0, 7.0}


def test_boxes_are_not_standardized(tmp_path: Path) -> None:
    box = read(tmp_path, BoxTask(name="t", target=("a", "b", "c", "d")), a=[0.5, 0.25], b=[1], c=[0], d=[0.125])
    assert rows_of(box)[0].tolist()[1:] == [1.0, 0.0, 0.125]


def test_a_learned_variance_doubles_the_outputs(tmp_path: Path) -> None:
    task = RegressionTask(name="t", target=("a", "b"), loss="gaussian_nll")
    info = read(tmp_path, task, a=[1, 2], b=[3, 4, 5]).targets["t"]
    assert (info.width, info.outputs) == (2, 4)


def test_a_map_of_classes_is_a_target_of_pixels() -> None:
    data = load(BundledDataset(name="shapes"), (SegmentationTask(name="t", target="mask"),))
    info = data.targets["t"]
    assert info.outputs == (5, 64, 64)
    assert data.train.targets["t"].shape == (len(data.train), 64, 64)
    assert sum(info.counts) == len(data.train) * 64 * 64


BAD = [
    (CountTask(name="t", target="a"), {"a": [1, 2.5]}, "counts are 0, 1, 2"),
    (CountTask(name="t", target="a"), {"a": [1, -2]}, "counts are 0, 1, 2"),
    (CountTask(name="t", target="a"), {"a": ["one", "two"]}, "needs numbers"),
    (BoxTask(name="t", target=("a", "b", "c", "d")), {"a": [3], "b": [0], "c": [1], "d": [1, 0]}, "0 to 1"),
    (DistributionTask(name="t", target=("a", "b")), {"a": [-1], "b": [2, 3]}, "at least 0"),
    (DistributionTask(name="t", target=("a", "b")), {"a": [0], "b": [0, 1]}, "not all of them 0"),
    (MultilabelTask(name="t", target=("a", "b")), {"a": [0, 1, 2], "b": [0, 1]}, "exactly two values"),
    (MultilabelTask(name="t", target="a"), {"a": ["red", "red"]}, "labels separated by"),
    (OrdinalTask(name="t", target="a", order=("x", "y")), {"a": ["x", "y", "z"]}, "each class of the target once"),
    (MulticlassTask(name="t", target="a", class_weights={"w": 1.0}), {"a": ["x", "y", "z"]}, "no such class"),
    (SegmentationTask(name="t", target="a"), {"a": [0, 1]}, "no such map"),
]


@pytest.mark.parametrize(("task", "columns", "rule"), BAD)
def test_a_target_that_does_not_suit_its_kind_is_refused(
    task: Task, columns: dict[str, list[Any]], rule: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rule) as caught:
        read(tmp_path, task, **columns)
    assert caught.value.problem.path.startswith("tasks[0].")


def test_a_map_is_no_target_of_another_kind() -> None:
    with pytest.raises(InputError, match="map of classes"):
        load(BundledDataset(name="shapes"), (MulticlassTask(name="t", target="mask"),))

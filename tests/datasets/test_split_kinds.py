"""Kinds of split: no group is divided, times are ordered, folds are a partition, and shares are near those asked for.

Covers: mtl_core/datasets/splits/, mtl_core/datasets/splits/kinds/, mtl_core/spec/data/splits/.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold, GroupShuffleSplit, KFold, StratifiedKFold

from mtl_core.datasets.preparation import load
from mtl_core.datasets.splits.division import divide_rows
from mtl_core.datasets.splits.labeled_rows import LabeledRows
from mtl_core.datasets.splits.shares import assign_folds
from mtl_core.spec import (
    BundledDataset,
    InputError,
    MulticlassTask,
    RegressionTask,
    TableDataset,
    dataset_from_data,
    problems_of,
)
from mtl_core.spec.data.splits import (
    ColumnSplit,
    GroupSplit,
    KFoldSplit,
    RandomSplit,
    SplitSpec,
    StratifiedSplit,
    TimeSplit,
    split_columns,
    train_share,
)
from mtl_core.tabular.table_columns import read_columns

SEEDS = st.integers(0, 99)
CELLS = st.lists(st.integers(0, 12), min_size=20, max_size=200)
EXPERIMENT: dict[str, Any] = {
    "version": 1,
    "dataset": {"kind": "table", "path": "a.csv", "inputs": ["x"]},
    "tasks": [{"name": "y", "kind": "regression", "target": "y"}],
}


def divide(split: SplitSpec, **columns: Sequence[Any]) -> tuple[list[NDArray[np.int64]], tuple[str, ...]]:
    """The rows of each split of a table, and the notes."""
    frame = pd.DataFrame({name: [str(cell) for cell in cells] for name, cells in columns.items()})
    rows = LabeledRows(np.arange(len(frame)), read_columns(frame, {}))
    parts, notes = divide_rows(split, rows, None)
    return parts, tuple(map(str, notes))


@settings(max_examples=50)
@given(groups=CELLS.filter(lambda cells: len(set(cells)) >= 3), seed=SEEDS)
def test_no_group_is_in_two_splits_and_shares_are_off_by_no_more_than_the_largest_group(
    groups: list[int], seed: int
) -> None:
    split = GroupSplit(column="g", seed=seed)
    parts, _ = divide(split, g=[f"g{group}" for group in groups])
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    by_part = [{groups[row] for row in part} for part in parts]
    assert all(by_part)
    assert sum(map(len, by_part)) == len(set(groups))
    if len(set(groups)) >= 8:
        largest = max(groups.count(group) for group in groups)
        for part, share in zip(parts, (0.7, 0.15, 0.15), strict=True):
            assert abs(len(part) - share * len(groups)) <= 2 * largest


def test_groups_of_one_size_have_the_shares_of_scikit_learn() -> None:
    groups = np.repeat(np.arange(100), 3)
    parts, _ = divide(GroupSplit(column="g", train=0.6, val=0.2, test=0.2), g=[f"g{group}" for group in groups])
    train, test = next(GroupShuffleSplit(1, test_size=0.2, random_state=0).split(groups, groups=groups))
    assert [len(part) for part in parts] == [180, 60, 60]
    assert (len(parts[0]) + len(parts[1]), len(parts[2])) == (len(train), len(test))
    assert not {*groups[parts[2]]} & {*groups[parts[0]], *groups[parts[1]]}


def test_a_row_without_a_group_is_a_group_of_its_own() -> None:
    parts, notes = divide(GroupSplit(column="g"), g=["a", "b", "", "c", ""] * 8)
    assert sum(map(len, parts)) == 40
    assert len({part for part, rows in enumerate(parts) for row in rows if row % 5 == 2}) == 3
    assert notes == ("16 rows have no value of 'g', each is a group of its own.",)


@settings(max_examples=50)
@given(times=CELLS.filter(lambda cells: len(set(cells)) >= 3))
def test_every_training_time_is_before_every_validation_time_and_those_before_test_times(times: list[int]) -> None:
    (train, val, test), _ = divide(TimeSplit(column="t"), t=times)
    cells = np.array(times)
    assert cells[train].max() < cells[val].min()
    assert cells[val].max() < cells[test].min()
    most_of_one = max(times.count(time) for time in times)
    if len(set(times)) >= 8:
        assert abs(len(train) - 0.7 * len(times)) <= 2 * most_of_one


def test_different_times_have_exact_shares_and_dates_are_times() -> None:
    days = pd.date_range("2020-01-01", periods=100).strftime("%Y-%m-%d")[::-1]
    (train, val, test), notes = divide(TimeSplit(column="t"), t=[*days, ""])
    assert (len(train), len(val), len(test)) == (70, 15, 15)
    assert test.tolist() == list(range(15))
    assert notes == ("1 row has no value of 't' and is left out.",)


def test_a_column_says_which_split_a_row_is_in() -> None:
    cells = ["train", " Train", "dev", "TEST", ""] * 4
    (train, val, test), notes = divide(ColumnSplit(column="part"), part=cells)
    assert [sorted({int(row) % 5 for row in part}) for part in (train, val, test)] == [[0, 1], [2], [3]]
    assert notes == ("4 rows have no value of 'part' and are left out.",)


def test_numbers_can_name_splits_and_validation_is_drawn_from_training_rows_where_none_is_named() -> None:
    split = ColumnSplit(column="part", train_values=("0",), test_values=("1",), validation=0.25)
    (train, val, test), notes = divide(split, part=[0, 0, 0, 0, 1] * 4)
    assert (len(train), len(val), len(test)) == (12, 4, 4)
    assert all(row % 5 == 4 for row in test)
    assert notes == ("'part' names no validation rows; 4 of the training rows were drawn at random for it.",)


@settings(max_examples=30)
@given(rows=st.integers(20, 80), folds=st.integers(2, 9), seed=SEEDS)
def test_every_row_is_in_the_test_of_one_fold_and_folds_have_the_sizes_of_scikit_learn(
    rows: int, folds: int, seed: int
) -> None:
    tests = [
        divide(KFoldSplit(folds=folds, fold=fold + 1, seed=seed), x=range(rows))[0][2].tolist() for fold in range(folds)
    ]
    assert sorted(row for test in tests for row in test) == list(range(rows))
    expected = sorted(len(test) for _, test in KFold(folds, shuffle=True).split(np.zeros(rows)))
    assert sorted(map(len, tests)) == expected


@given(st.lists(st.integers(0, 3), min_size=30, max_size=90), st.integers(2, 5), SEEDS)
def test_folds_are_stratified_as_those_of_scikit_learn(classes: list[int], folds: int, seed: int) -> None:
    keys = np.array(classes)
    ours = assign_folds([keys], len(keys), folds, np.random.default_rng(seed))
    for value in np.unique(keys):
        counts = np.bincount(ours[keys == value], minlength=folds)
        assert counts.max() - counts.min() <= 1
        if (np.bincount(keys)[np.unique(keys)] >= folds).all():
            theirs = [(keys[test] == value).sum() for _, test in StratifiedKFold(folds).split(keys, keys)]
            assert max(theirs) - min(theirs) <= 1
            assert sum(theirs) == counts.sum()


@pytest.mark.parametrize("seed", range(3))
def test_folds_by_group_divide_no_group(seed: int) -> None:
    groups = np.random.default_rng(seed).integers(0, 20, 120)
    cells = [f"g{group}" for group in groups]
    tests = []
    for fold in range(4):
        train, val, test = divide(KFoldSplit(folds=4, fold=fold + 1, group="g", seed=seed), g=cells)[0]
        by_part = [{*groups[part]} for part in (train, val, test)]
        assert sum(map(len, by_part)) == len({*groups})
        tests.append(test)
    assert sorted(np.concatenate(tests).tolist()) == list(range(120))
    theirs = [len(test) for _, test in GroupKFold(4).split(groups, groups=groups)]
    largest = np.bincount(groups).max()
    assert max(map(len, tests)) - min(map(len, tests)) <= max(theirs) - min(theirs) + 2 * largest


@pytest.mark.parametrize(
    "split",
    [StratifiedSplit(), RandomSplit(), GroupSplit(column="g"), KFoldSplit(folds=3), KFoldSplit(folds=3, group="g")],
    ids=lambda split: f"{split.kind}{split.columns}",
)
def test_a_seed_gives_the_same_rows_again_and_another_seed_others(split: SplitSpec) -> None:
    cells = [f"g{i % 17}" for i in range(150)]
    first, again = (divide(split, g=cells)[0] for _ in range(2))
    other = divide(split.model_copy(update={"seed": 1}), g=cells)[0]
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[2], other[2])
    assert all((np.diff(part) > 0).all() for part in first)


@pytest.mark.parametrize(
    ("split", "cells", "message"),
    [
        (GroupSplit(column="c"), ["a", "b"] * 10, "at least 3 groups, one for each part of the rows; found 2 groups"),
        (GroupSplit(column="d"), ["a", "b"] * 10, "dataset.split.column: there is no such column; found 'd'"),
        (TimeSplit(column="c"), ["x", "y", "z", "u"] * 5, "must be a column of dates or numbers; found 'c'"),
        (TimeSplit(column="c"), [1, 2] * 10, "three different times, one for each part of the rows; found 2 in 'c'"),
        (ColumnSplit(column="c"), ["train", "test", "holdout"] * 7, "a value of 'c' names no split; found 'holdout'"),
        (ColumnSplit(column="c"), ["train"] * 20, "no labeled row is in the test split"),
        (KFoldSplit(folds=20), [1, 2] * 10, "20 folds need at least 22 labeled rows; found 20 rows"),
        (KFoldSplit(folds=3, group="c"), ["a", "b"] * 10, "dataset.split.group: must have at least 3 groups"),
    ],
)
def test_what_cannot_be_divided_is_refused_with_the_place_and_the_reason(
    split: SplitSpec, cells: list[Any], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        divide(split, c=cells)
    assert message in str(caught.value)
    assert str(caught.value).startswith("dataset.split.")


def test_a_split_without_a_kind_is_the_stratified_one() -> None:
    short = dataset_from_data({"kind": "table", "path": "a.csv", "split": {"train": 0.6, "val": 0.2, "test": 0.2}})
    assert short.split == StratifiedSplit(train=0.6, val=0.2, test=0.2)


@pytest.mark.parametrize(
    ("split", "path", "rule"),
    [
        ({"train": 0.9}, "dataset.split", "train, val and test must sum to 1, they sum to 1.2"),
        ({"kind": "stratified", "train": 0.9}, "dataset.split", "must sum to 1"),
        ({"kind": "grup"}, "dataset.split.kind", "there is no such kind"),
        ({"kind": "group"}, "dataset.split.column", "must be given"),
        ({"kind": "group", "column": "x"}, "dataset.inputs[0]", "a column that divides the rows is no input"),
        ({"kind": "kfold", "folds": 3, "fold": 4}, "dataset.split", "must be one of the 3 folds, it is 4"),
        ({"kind": "column", "column": "p", "val_values": ["Test"]}, "dataset.split", "'test' names two"),
        ({"seed": "1"}, "dataset.split.seed", "must be a whole number"),
        ([], "dataset.split", "must be a mapping"),
    ],
    ids=str,
)
def test_an_invalid_split_is_refused_at_its_place(split: Any, path: str, rule: str) -> None:
    problems = problems_of({**EXPERIMENT, "dataset": {**EXPERIMENT["dataset"], "split": split}})
    assert [problem.path for problem in problems] == [path]
    assert rule in problems[0].rule


def test_a_split_of_a_document_tells_its_columns_and_share_or_the_usual_ones() -> None:
    assert split_columns({"kind": "time", "column": "day"}) == ("day",)
    assert split_columns({"kind": "kfold", "group": "g"}) == ("g",)
    assert split_columns({"kind": "time"}) == split_columns(None) == ()
    assert train_share({"train": 0.5, "val": 0.25, "test": 0.25}) == 0.5
    assert train_share({"kind": "kfold", "folds": 4, "validation": 0.2}) == pytest.approx(0.6)
    assert train_share({"kind": "column", "column": "p"}) == train_share({"train": 2}) == 0.7


def test_a_column_that_divides_the_rows_is_no_default_input_and_changes_the_fingerprint() -> None:
    task = RegressionTask(name="price", target="price")
    plain = load(BundledDataset(name="houses"), (task,))
    column = next(e["name"] for e in plain.preprocessing["inputs"] if e["type"] == "categorical")
    grouped = load(BundledDataset(name="houses", split=GroupSplit(column=column)), (task,))
    assert column not in {encoder["name"] for encoder in grouped.preprocessing["inputs"]}
    assert len({plain.fingerprint, grouped.fingerprint}) == 2


def test_the_fingerprint_of_a_stratified_split_is_that_of_version_1(tmp_path: Any) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,c\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(20)))
    data = load(TableDataset(path=str(path), inputs=("x",)), (MulticlassTask(name="c", target="c"),))
    assert data.fingerprint == FINGERPRINT


def test_rows_that_are_generated_for_the_split_have_no_other_kind() -> None:
    with pytest.raises(InputError, match=r"dataset\.split\.kind: this data set comes with training and test rows"):
        load(BundledDataset(name="multidigits", split=KFoldSplit()), (MulticlassTask(name="left", target="left"),))


FINGERPRINT = "d902694597e0ee5474314c37580a0054"
"""As the program wrote it before there were kinds of split."""

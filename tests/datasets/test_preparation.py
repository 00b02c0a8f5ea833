"""Preparation of a data set: inputs, targets, splits and fingerprint.

Covers: mtl_core/datasets/source.py, mtl_core/datasets/label_coverage.py.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.description import describe
from mtl_core.datasets.preflight.registry import check_data
from mtl_core.datasets.preparation import _prepare, load
from mtl_core.spec import (
    BinaryTask,
    BundledDataset,
    MulticlassTask,
    RegressionTask,
    StratifiedSplit,
    TableDataset,
    Task,
)
from mtl_core.spec.data.bundled import BUNDLED
from tests.inputs import only, transform_inputs
from tests.table_files import TABLE_WRITERS

INPUTS = ("면적", "방", "지역")
PRICE = RegressionTask(name="가격", target="가격")
SALE = BinaryTask(name="매매", target="매매")

WriteTable = Callable[..., str]


def suggested_tasks(dataset: BundledDataset | TableDataset) -> tuple[Task, ...]:
    tasks = json.dumps(describe(dataset).tasks)
    return TypeAdapter(tuple[Task, ...]).validate_json(tasks)


def is_same(left: TaskData, right: TaskData) -> bool:
    for a, b in zip((left.train, left.val, left.test), (right.train, right.val, right.test), strict=True):
        pairs = [*((a.inputs[k], b.inputs[k]) for k in a.inputs), *((a.targets[k], b.targets[k]) for k in a.targets)]
        pairs += [(a.masks[k], b.masks[k]) for k in a.masks]
        if a.masks.keys() != b.masks.keys() or not all(torch.equal(x, y) for x, y in pairs):
            return False
    return left.targets == right.targets and left.preprocessing == right.preprocessing


@pytest.mark.parametrize("name", BUNDLED)
def test_every_bundled_set_loads_with_the_tasks_it_suggests(name: str) -> None:
    dataset = BundledDataset(name=name)
    tasks, info = suggested_tasks(dataset), describe(dataset)
    data = load(dataset, tasks)
    assert data.input_shapes == info.input_shapes
    assert list(data.targets) == [task.name for task in tasks]
    assert json.loads(json.dumps(data.preprocessing)) == data.preprocessing
    for split in (data.train, data.val, data.test):
        assert len(split) > 0
        inputs = split.select_inputs(slice(None))
        assert {name: tuple(values.shape[1:]) for name, values in inputs.items()} == data.input_shapes
        assert all(values.dtype == torch.float32 and torch.isfinite(values).all() for values in inputs.values())
    assert check_data(dataset, tasks) == []


@pytest.mark.parametrize("name", [name for name in BUNDLED if name != "two_objectives"])
def test_the_same_spec_gives_the_same_tensors_and_another_seed_others(name: str) -> None:
    dataset = BundledDataset(name=name)
    other = BundledDataset(name=name, split=StratifiedSplit(seed=5))
    tasks = suggested_tasks(dataset)
    assert is_same(_prepare(dataset, tasks), _prepare(dataset, tasks))
    pairs = zip(load(dataset, tasks).train.inputs.values(), load(other, tasks).train.inputs.values(), strict=True)
    assert not any(torch.equal(a, b) for a, b in pairs)


def test_columns_from_which_a_target_is_derived_are_no_inputs_by_default() -> None:
    data = load(BundledDataset(name="breast_cancer"), suggested_tasks(BundledDataset(name="breast_cancer")))
    names = {encoder["name"] for encoder in data.preprocessing["inputs"]}
    assert not any(word in name for name in names for word in ("radius", "perimeter", "area"))


def test_a_target_that_is_no_suggested_one_is_no_default_input() -> None:
    data = load(BundledDataset(name="iris"), (RegressionTask(name="s", target="sepal length"),))
    assert [encoder["name"] for encoder in data.preprocessing["inputs"]] == ["sepal width", "petal length"]


def test_targets_take_the_form_that_losses_expect() -> None:
    both = RegressionTask(name="both", target=("alcohol", "proline"))
    kind = MulticlassTask(name="kind", target="cultivar")
    sale = BinaryTask(name="sold", target="sold", positive="no")
    wine = load(BundledDataset(name="wine"), (both, kind)).train
    sold = load(BundledDataset(name="houses"), (sale,))
    assert wine.targets["both"].shape == (len(wine), 2)
    assert wine.targets["both"].dtype == torch.float32
    assert wine.targets["kind"].shape == (len(wine),)
    assert wine.targets["kind"].dtype == torch.int64
    assert sold.train.targets["sold"].shape == (len(sold.train), 1)
    assert set(sold.train.targets["sold"].unique().tolist()) == {0.0, 1.0}
    assert sold.targets["sold"].classes == ("yes", "no")


def test_regression_targets_are_standardized_by_training_rows_unless_switched_off() -> None:
    dataset = BundledDataset(name="diabetes")
    scaled = load(dataset, (RegressionTask(name="p", target="progression"),))
    plain = load(dataset, (RegressionTask(name="p", target="progression", standardize=False),))
    target, info = scaled.train.targets["p"], scaled.targets["p"]
    assert abs(target.mean().item()) < 1e-5
    assert abs(target.std(correction=0).item() - 1) < 1e-5
    assert (plain.targets["p"].mean, plain.targets["p"].std) == ((0.0,), (1.0,))
    for left, right in ((scaled.train, plain.train), (scaled.test, plain.test)):
        back = left.targets["p"] * info.std[0] + info.mean[0]
        torch.testing.assert_close(back, right.targets["p"], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-8-sig", "utf-16", "utf-16-le"])
def test_a_korean_table_is_the_same_in_every_encoding(homes: pd.DataFrame, write: WriteTable, encoding: str) -> None:
    text = homes.to_csv(index=False)
    left = load(TableDataset(path=write(text), inputs=INPUTS), (PRICE, SALE))
    path = write(text.encode(encoding), "other.csv")
    right = load(TableDataset(path=path, inputs=INPUTS), (PRICE, SALE))
    assert is_same(left, right)
    assert right.targets["매매"].classes == ("아니오", "예")


@pytest.mark.parametrize(("delimiter", "name"), [(",", "a.csv"), (";", "b.csv"), ("\t", "c.tsv"), ("|", "d.txt")])
def test_a_table_is_the_same_with_every_delimiter(
    homes: pd.DataFrame, write: WriteTable, delimiter: str, name: str
) -> None:
    left = load(TableDataset(path=write(homes), inputs=INPUTS), (PRICE, SALE))
    right = load(TableDataset(path=write(homes.to_csv(index=False, sep=delimiter), name), inputs=INPUTS), (PRICE, SALE))
    assert is_same(left, right)


@pytest.mark.parametrize("title", TABLE_WRITERS)
def test_a_table_is_the_same_in_every_format(
    title: str, homes: pd.DataFrame, write: WriteTable, tmp_path: Path
) -> None:
    typed = homes.assign(면적=homes["면적"].astype(float), 방=homes["방"].astype(int), 가격=homes["가격"].astype(float))
    (tmp_path / "homes.bin").write_bytes(TABLE_WRITERS[title](typed))
    left = load(TableDataset(path=write(homes), inputs=INPUTS), (PRICE, SALE))
    right = load(TableDataset(path=str(tmp_path / "homes.bin"), inputs=INPUTS), (PRICE, SALE))
    assert is_same(left, right)


def test_masks_are_true_for_labeled_rows_and_unlabeled_rows_are_dropped(homes: pd.DataFrame, write: WriteTable) -> None:
    data = load(TableDataset(path=write(homes), inputs=INPUTS), (PRICE, SALE))
    splits = (data.train, data.val, data.test)
    for name in ("가격", "매매"):
        assert sum(int(split.masks[name].sum()) for split in splits) == homes[name].notna().sum()
        assert all((split.targets[name][~split.masks[name]] == 0).all() for split in splits)
    dropped = int((homes["가격"].isna() & homes["매매"].isna()).sum())
    assert dropped > 0
    assert sum(map(len, splits)) == len(homes) - dropped
    assert all((split.masks["가격"] | split.masks["매매"]).all() for split in splits)
    assert f"{dropped} of 120 rows have no label" in str(data.notes[0])


def test_a_fully_labeled_task_has_no_mask() -> None:
    assert load(BundledDataset(name="iris"), (MulticlassTask(name="s", target="species"),)).train.masks == {}


@given(st.lists(st.sampled_from(["a", "b", ""]), min_size=30, max_size=80), st.integers(0, 50))
@settings(max_examples=30, deadline=None)
def test_labels_and_masks_follow_their_rows(
    tmp_path_factory: pytest.TempPathFactory, labels: list[str], seed: int
) -> None:
    labels = ["a", "b", *labels]
    path = tmp_path_factory.mktemp("t") / "t.csv"
    rows = "".join(f"{i},{label},{i * 2}\n" for i, label in enumerate(labels))
    path.write_text("row,label,double\n" + rows)
    dataset = TableDataset(path=str(path), inputs=("row",), split=StratifiedSplit(seed=seed))
    tasks = (
        BinaryTask(name="label", target="label"),
        RegressionTask(name="double", target="double", standardize=False),
    )
    data = load(dataset, tasks)
    (encoder,) = data.preprocessing["inputs"]
    rows_of_splits = []
    for split in (data.train, data.val, data.test):
        split_rows = (only(split.inputs)[:, 0].double() * encoder["std"] + encoder["mean"]).round().long()
        rows_of_splits += split_rows.tolist()
        assert torch.equal(split.targets["double"][:, 0], split_rows * 2.0)
        for i, row in enumerate(split_rows.tolist()):
            assert not split.masks or bool(split.masks["label"][i]) == bool(labels[row])
            assert split.targets["label"][i, 0].item() == float(labels[row] == "b")
    assert sorted(rows_of_splits) == list(range(len(labels)))


def test_classes_seen_only_outside_training_are_classes_too(write: WriteTable) -> None:
    text = "x,y\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(40)) + "".join(f"{i},rare{i}\n" for i in range(9))
    data = load(TableDataset(path=write(text), inputs=("x",)), (MulticlassTask(name="y", target="y"),))
    assert len(data.targets["y"].classes) == 11
    assert any("not stratified by 'y'" in str(note) for note in data.notes)
    assert any("no training row is of class" in str(note) for note in data.notes)


def test_splits_are_stratified_by_every_class_target() -> None:
    tasks = suggested_tasks(BundledDataset(name="breast_cancer"))
    data = load(BundledDataset(name="breast_cancer"), tasks)
    shares = [split.targets["diagnosis"].mean().item() for split in (data.train, data.val, data.test)]
    assert max(shares) - min(shares) < 0.02


def test_input_statistics_are_those_of_the_training_rows(homes: pd.DataFrame, write: WriteTable) -> None:
    data = load(TableDataset(path=write(homes), inputs=INPUTS), (PRICE,))
    assert torch.allclose(only(data.train.inputs)[:, :2].mean(0), torch.zeros(2), atol=1e-5)
    assert torch.allclose(only(data.train.inputs)[:, :2].std(0, correction=0), torch.ones(2), atol=1e-5)
    assert not torch.allclose(only(data.val.inputs)[:, :2].mean(0), torch.zeros(2), atol=1e-3)


def test_new_rows_are_treated_as_the_loaded_ones(homes: pd.DataFrame, write: WriteTable) -> None:
    path = write(homes.dropna(subset=["가격"]))
    data = load(TableDataset(path=path, inputs=INPUTS), (PRICE,))
    plain = json.loads(json.dumps(data.preprocessing))
    everything = only(transform_inputs(plain, homes.dropna(subset=["가격"])))
    loaded = torch.cat([only(data.train.inputs), only(data.val.inputs), only(data.test.inputs)])
    assert torch.equal(everything.unique(dim=0), loaded.unique(dim=0))


def test_a_type_that_is_set_overrules_the_guess(homes: pd.DataFrame, write: WriteTable) -> None:
    path = write(homes)
    data = load(TableDataset(path=path, inputs=("방",), types={"방": "categorical"}), (PRICE,))
    assert sorted(data.preprocessing["inputs"][0]["categories"]) == ["1", "2", "3", "4", "5"]
    rooms = MulticlassTask(name="rooms", target="방")
    assert load(TableDataset(path=path, inputs=("면적",)), (rooms,)).targets["rooms"].classes == tuple("12345")


def test_the_fingerprint_follows_content_reading_and_targets_and_not_the_path(
    homes: pd.DataFrame, write: WriteTable
) -> None:
    def fingerprint(path: str, task: Task = PRICE, **settings: object) -> str:
        return load(TableDataset(path=path, inputs=INPUTS, **settings), (task,)).fingerprint

    first = fingerprint(write(homes, "a.csv"))
    assert fingerprint(write(homes, "b.csv")) == first
    assert fingerprint(write(homes, "a.csv"), RegressionTask(name="가격", target="가격", loss="mae")) == first
    assert fingerprint(write(homes, "a.csv"), SALE) != first
    assert fingerprint(write(homes, "a.csv"), split=StratifiedSplit(seed=1)) != first
    assert fingerprint(write(homes.iloc[:-1], "c.csv")) != first


def test_a_file_is_read_again_only_when_it_changes(homes: pd.DataFrame, write: WriteTable) -> None:
    path = write(homes)
    dataset = TableDataset(path=path, inputs=INPUTS)
    first = load(dataset, (PRICE,))
    assert load(dataset, (PRICE,)) is first
    assert describe(dataset) is describe(dataset)
    write(homes.iloc[:100])
    os.utime(path, ns=(1, 1))
    assert load(dataset, (PRICE,)) is not first
    assert describe(dataset).rows == 100


def test_data_moves_to_a_device(homes: pd.DataFrame, write: WriteTable) -> None:
    data = load(TableDataset(path=write(homes), inputs=INPUTS), (PRICE, SALE)).to("meta")
    assert {only(data.train.inputs).device.type, data.val.masks["가격"].device.type} == {"meta"}

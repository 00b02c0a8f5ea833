"""A single-task baseline is evaluated on the rows of its experiment."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from mtl_core.datasets.data import TaskData
from mtl_core.datasets.preparation import load
from mtl_core.spec import ExperimentSpec, InputError, load_preset, single_task, spec_from_data
from tests.datasets.conftest import WriteTable
from tests.inputs import only

SPLITS = ("train", "val", "test")


def experiment(path: str) -> ExperimentSpec:
    return spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": path, "inputs": ["면적", "방", "지역"]},
            "tasks": [
                {"name": "price", "kind": "regression", "target": "가격"},
                {"name": "sold", "kind": "binary", "target": "매매"},
            ],
        }
    )


def assert_same_rows(spec: ExperimentSpec) -> None:
    whole = load(spec.dataset, spec.tasks)
    for task in spec.task_names:
        baseline = single_task(spec, task)
        alone = load(baseline.dataset, baseline.tasks)
        assert alone.targets == {task: whole.targets[task]}
        for split in SPLITS:
            _assert_same(getattr(alone, split), getattr(whole, split), task)


def _assert_same(alone: TaskData, whole: TaskData, task: str) -> None:
    assert torch.equal(only(alone.inputs), only(whole.inputs))
    assert torch.equal(alone.targets[task], whole.targets[task])
    assert (task in alone.masks) == (task in whole.masks)
    if task in alone.masks:
        assert torch.equal(alone.masks[task], whole.masks[task])


def test_a_table_with_gaps_in_its_targets_gives_baselines_the_same_rows(homes: pd.DataFrame, write: WriteTable) -> None:
    spec = experiment(write(homes))
    assert_same_rows(spec)
    own = load(spec.dataset, spec.tasks[1:])
    assert len(own.train) + len(own.val) + len(own.test) < len(homes) * 0.9, "by itself a task would get other rows"


def test_a_task_that_has_a_label_in_few_rows_only_keeps_the_rows_of_the_others(
    homes: pd.DataFrame, write: WriteTable
) -> None:
    homes.loc[np.arange(len(homes)) % 4 != 0, "매매"] = None
    assert_same_rows(experiment(write(homes)))


@pytest.mark.parametrize("name", ["multidigits", "houses"])
def test_a_bundled_set_gives_baselines_the_same_rows(name: str) -> None:
    assert_same_rows(load_preset(name))


def test_a_target_that_is_a_default_input_elsewhere_is_none_in_a_baseline() -> None:
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "bundled", "name": "iris"},
            "tasks": [
                {"name": "species", "kind": "multiclass", "target": "species"},
                {"name": "sepals", "kind": "regression", "target": "sepal width"},
            ],
        }
    )
    assert_same_rows(spec)


def test_a_missing_column_of_a_split_task_is_named_with_its_place(
    homes: pd.DataFrame, write: WriteTable, tmp_path: Path
) -> None:
    spec = single_task(experiment(write(homes)), "price")
    write(homes.drop(columns="매매"))
    with pytest.raises(InputError, match=r"dataset\.split\.tasks\[1\]\.target"):
        load(spec.dataset, spec.tasks)


def test_runs_from_before_baselines_keep_the_fingerprint_of_their_data() -> None:
    spec = load_preset("houses")
    assert load(spec.dataset, spec.tasks).fingerprint == "80bc69a7c9f174d784403a5800b18dd3"
    baseline = single_task(spec, "price")
    alone, whole = load(baseline.dataset, baseline.tasks), load(baseline.dataset, spec.tasks)
    assert len({alone.fingerprint, whole.fingerprint, load(spec.dataset, spec.tasks).fingerprint}) == 3

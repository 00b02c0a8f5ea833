"""Tables joined on a key, such as a task's labels in a file of their own.

Covers: mtl_core/spec/data/joined_table.py, mtl_core/datasets/join_preview.py.
"""

import os
from pathlib import Path

import pandas as pd
import pytest

from mtl_core.datasets.description import describe
from mtl_core.datasets.join_preview import preview_join
from mtl_core.datasets.preparation import load
from mtl_core.datasets.registry import open_source, source_key
from mtl_core.spec import InputError, JoinedTable, TableDataset, load_spec_data
from mtl_core.spec.tasks import MulticlassTask, RegressionTask
from mtl_core.tabular.join import join_tables

ROWS = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    frame = pd.DataFrame({"id": range(ROWS), "x": range(ROWS), "y": [i * 2 for i in range(ROWS)]})
    frame.to_csv(tmp_path / "main.csv", index=False)
    kinds = pd.DataFrame({"home": [i + 0.0 for i in range(10, 50)], "kind": ["a", "b"] * 20, "x": 1.5})
    kinds.sample(frac=1, random_state=0).to_parquet(tmp_path / "kinds.parquet", index=False)
    return tmp_path


def dataset(folder: Path, **settings: str) -> TableDataset:
    joined = JoinedTable(**{"path": str(folder / "kinds.parquet"), "key": "id", "other_key": "home", **settings})
    return TableDataset(path=str(folder / "main.csv"), inputs=("x",), join=(joined,))


def test_rows_get_the_columns_of_their_partner_and_others_lack_them(folder: Path) -> None:
    source = open_source(dataset(folder))
    assert list(source.columns) == ["id", "x", "y", "kind", "x (kinds.parquet)"]
    kind = source.columns["kind"]
    assert [kind.values[code] if code >= 0 else "" for code in kind.codes] == [""] * 10 + ["a", "b"] * 15
    notes = " ".join(map(str, source.notes))
    assert "10 of 40 rows have no partner in kinds.parquet" in notes
    assert "10 of 40 rows of kinds.parquet have no partner and are left out" in notes


def test_labels_of_a_task_can_stand_in_a_file_of_their_own(folder: Path) -> None:
    data = load(dataset(folder), (RegressionTask(name="y", target="y"), MulticlassTask(name="kind", target="kind")))
    assert sum(int(split.masks["kind"].sum()) for split in data.splits.values()) == 30
    assert sum(len(split) for split in data.splits.values()) == ROWS


def test_the_data_are_others_when_a_joined_file_changes(folder: Path) -> None:
    before, info = source_key(dataset(folder)), describe(dataset(folder))
    pd.DataFrame({"home": [1, 2], "kind": ["a", "b"]}).to_parquet(folder / "kinds.parquet")
    os.utime(folder / "kinds.parquet", (0, 0))
    assert source_key(dataset(folder)) != before
    assert describe(dataset(folder)).fingerprint != info.fingerprint


def test_a_key_that_cannot_be_joined_is_named(folder: Path) -> None:
    for settings, rule in (
        ({"key": "idd"}, r"dataset.join\[0\].key: the table has no such column; found 'idd'"),
        ({"other_key": "hme"}, r"dataset.join\[0\].other_key: kinds.parquet has no such column"),
        ({"path": str(folder / "no.csv")}, r"dataset.join\[0\].path: there is no such file"),
    ):
        with pytest.raises(InputError, match=rule):
            describe(dataset(folder, **settings))
    (folder / "kinds.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"dataset.join\[0\].path: is not a whole Parquet file"):
        describe(dataset(folder))


def test_each_key_needs_one_row() -> None:
    left, right = pd.DataFrame({"k": ["1", "2"]}), pd.DataFrame({"k": ["1", "1.0"], "z": [1, 2]})
    with pytest.raises(InputError, match=r"dataset.join: each key needs one row; found 1 keys, such as '1'"):
        join_tables(left, right, ("k", "k"), "b.csv")


def test_matches_are_counted_and_a_key_suggested_before_tables_are_joined(folder: Path) -> None:
    table, other = TableDataset(path=str(folder / "main.csv")), str(folder / "kinds.parquet")
    preview = preview_join(table, other, "id", "home")
    assert (preview.rows, preview.matched, preview.other_rows, preview.unused) == (ROWS, 30, ROWS, 10)
    assert preview.added == ("kind", "x (kinds.parquet)")
    assert preview.repeated == ""
    suggested = preview_join(table, other, None, None)
    assert (suggested.key, suggested.other_key) == ("x", "x")  # the one name in both
    assert "in several rows of kinds.parquet" in suggested.repeated
    with pytest.raises(InputError, match=r"dataset.join\[1\].path: there is no such file"):
        preview_join(dataset(folder), str(folder / "no.csv"), None, None)


def test_a_relative_path_begins_at_the_spec_file(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("dataset: {kind: table, path: a.csv, join: [{path: b.csv, key: k}]}")
    data = load_spec_data(tmp_path / "spec.yaml")
    assert data["dataset"]["join"] == [{"path": str(tmp_path / "b.csv"), "key": "k"}]

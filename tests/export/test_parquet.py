"""Runs as Parquet files: what is read back with pandas is what the store has."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_core.errors import InputError
from mtl_core.export.parquet import MARKER, check_place, export_tables
from mtl_core.store import RunStore
from mtl_core.store.rows.raw_rows import RAW_TABLES, raw_columns

KEY = ["run_id", "task", "split", "metric"]


def test_every_table_is_read_back_as_it_is_in_the_store(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    counts = export_tables(store, runs, tmp_path / "tables")
    for name in (name for name in RAW_TABLES if name != "chunks"):
        frame = pd.read_parquet(tmp_path / "tables" / f"{name}.parquet")
        rows = store.raw_rows(name, runs)
        assert counts[name] == len(frame) == len(rows) > 0
        assert list(frame.columns) == list(raw_columns(name))
        expected = pd.DataFrame(rows).astype(frame.dtypes)
        pd.testing.assert_frame_equal(frame, expected)


def test_every_point_is_a_row(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    counts = export_tables(store, runs, tmp_path / "tables")
    points = pd.read_parquet(tmp_path / "tables" / "points.parquet")
    assert list(points.columns) == [*KEY, "step", "value"]
    assert counts["points"] == len(points)
    by_key = points.groupby(KEY, sort=False)
    for run in runs:
        for key, series in store.read(run)[0].items():
            part = by_key.get_group((run, *key))
            assert part["step"].tolist() == series.steps.tolist()
            np.testing.assert_array_equal(part["value"], series.values)
    assert points["value"].isna().any()  # the fixture has a NaN and an infinity
    assert np.isinf(points["value"]).any()


def test_only_the_named_runs_are_written(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    export_tables(store, runs[1:], tmp_path / "tables")
    assert pd.read_parquet(tmp_path / "tables" / "runs.parquet")["id"].tolist() == runs[1:]
    assert set(pd.read_parquet(tmp_path / "tables" / "points.parquet")["run_id"]) == {runs[1]}
    assert json.loads((tmp_path / "tables" / MARKER).read_text())["runs"] == runs[1:]


def test_a_folder_of_something_else_is_never_replaced(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    export_tables(store, runs, folder)
    with pytest.raises(InputError, match="exists already"):
        check_place(folder, force=False)
    check_place(folder, force=True)
    export_tables(store, runs[:1], folder)
    assert pd.read_parquet(folder / "runs.parquet")["id"].tolist() == runs[:1]
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(InputError, match="is not a folder of Parquet tables"):
        check_place(other, force=True)


def test_a_folder_that_cannot_be_made_leaves_nothing(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        export_tables(store, runs, tmp_path / "none" / "tables")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match="no such run"):
        export_tables(store, [*runs, 99], tmp_path / "tables")
    assert sorted(tmp_path.iterdir()) == before

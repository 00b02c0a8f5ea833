"""Runs from CSV files, and what is refused.

Covers: mtl_core/export/readers/any_source.py, mtl_core/export/readers/foreign_run.py.
"""

from pathlib import Path

import numpy as np
import pytest

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.export.readers.any_source import import_runs
from mtl_core.export.series_csv import export_points
from mtl_core.export.trackers.libraries import load_library
from mtl_core.store import RunStore


def test_points_that_were_exported_come_back(store: RunStore, runs: list[int], tmp_path: Path) -> None:
    export_points(store, runs, tmp_path / "points.csv")
    numbers = import_runs(store, tmp_path / "points.csv", again=True).numbers
    for old, new in zip(runs, numbers.values(), strict=True):
        before, after = store.read(old)[0], store.read(new)[0]
        assert before.keys() == after.keys()
        for key, points in before.items():
            np.testing.assert_array_equal(after[key].values, points.values)
        assert store.run(new).name == f"points {old}"
        assert store.run(new).tasks == ("left", "right")


def test_a_column_per_series_is_read(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("Epoch,val_loss,digit/train/acc,remark\n1,0.5,,a\n2,0.25,0.75,b\n", "utf-8")
    run = import_runs(store, tmp_path / "log.csv").numbers[1]
    series = {
        "/".join(key): (points.steps.tolist(), points.values.tolist()) for key, points in store.read(run)[0].items()
    }
    assert series == {"total/val/loss": ([1, 2], [0.5, 0.25]), "digit/train/acc": ([2], [0.75])}
    record = store.run(run)
    assert (record.name, record.tags, record.tasks) == ("log", ("imported",), ("digit",))
    assert store.spec(run).tasks[0].kind == "multiclass"
    with pytest.raises(InputError, match=r"is in this store already.*--again"):
        import_runs(store, tmp_path / "log.csv")


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("a.csv", b"a,b\nx,y\n", "has no series of numbers"),
        ("a.csv", b"", "has no series of numbers"),
        ("a.csv", b"step,loss\nx,1\n", "must be a whole number"),
        ("a.csv", b"task,split,metric,step,value\na,val,loss,1,x\n", "step and value must be numbers"),
        ("a.csv", b"\xff\xfe\x00", "must be text in UTF-8"),
        ("a.txt", b"a", "must be a file of runs"),
    ],
)
def test_what_cannot_be_imported_is_refused(
    store: RunStore, tmp_path: Path, name: str, content: bytes, rule: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=rule):
        import_runs(store, tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        import_runs(store, tmp_path / "none")
    assert store.runs() == []


def test_a_library_that_is_not_installed_is_one_sentence() -> None:
    with pytest.raises(EnvironmentFault, match=r"needs the extra trackers.*pip install \"mtl-workbench\[trackers\]\""):
        load_library("mtl_workbench_has_no_such_library.module")

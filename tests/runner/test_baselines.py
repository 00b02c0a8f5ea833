"""Single-task baselines of a table in which labels are missing."""

from pathlib import Path

from mtl_core import train
from mtl_core.spec import single_task, spec_from_data
from mtl_core.store import SeriesKey, open_store


def test_a_baseline_trains_through_batches_without_any_label(tmp_path: Path) -> None:
    rows = [f"{i % 7},{i % 11},{'yn'[i % 2] if i % 9 == 0 else ''}" for i in range(90)]
    (tmp_path / "t.csv").write_text("\n".join(["x,y,z", *rows]), "utf-8")
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {"kind": "table", "path": str(tmp_path / "t.csv"), "inputs": ["x"]},
            "tasks": [
                {"name": "y", "kind": "regression", "target": "y"},
                {"name": "z", "kind": "binary", "target": "z"},
            ],
            "training": {"epochs": 2, "batch_size": 4, "device": "cpu"},
        }
    )
    with open_store(tmp_path / "runs.sqlite") as store:
        runs = [train(one, store) for one in (spec, single_task(spec, "z"))]
        assert [run.state for run in runs] == ["finished", "finished"]
        assert "accuracy" in runs[1].test["z"]
        steps = {store.run(run.id).progress.steps for run in runs}  # type: ignore[union-attr]
        assert len(steps) == 1, "the same budget"
        alone = store.read(2)[0]
        assert 0 < len(alone[SeriesKey("z", "train", "loss")]) < len(alone[SeriesKey("total", "train", "loss")])

"""Intervals of trained runs: their coverage of new rows, and what is said of them."""

from pathlib import Path

import numpy as np
import pytest

from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.evaluation.row_predictions import RowPredictor
from mtl_core.runner.execution import execute
from mtl_core.runner.new_row_predictions import interval_notes, load_stored_models
from mtl_core.spec import spec_from_data
from mtl_core.store import open_store

NEW_ROWS = 3000


def write_rows(path: Path, count: int, seed: int) -> list[float]:
    """A table whose noise grows with x; returns the targets."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 4, count)
    y = 5 * x + rng.normal(0, 1 + x)
    path.write_text("\n".join(["x,y,n", *(f"{a:.5f},{b:.5f},{abs(round(b))}" for a, b in zip(x, y, strict=True))]))
    return [float(f"{b:.5f}") for b in y]


@pytest.mark.parametrize("runs", [(1,), (1, 2)])
def test_intervals_of_a_trained_run_hold_their_share_of_new_rows(tmp_path: Path, runs: tuple[int, ...]) -> None:
    write_rows(tmp_path / "rows.csv", 2000, seed=1)
    truth = np.array(write_rows(tmp_path / "new.csv", NEW_ROWS, seed=2))
    spec = {
        "version": 1,
        "dataset": {
            "kind": "table",
            "path": str(tmp_path / "rows.csv"),
            "inputs": ["x"],
            "split": {"train": 0.4, "val": 0.5, "test": 0.1},
        },
        "tasks": [
            {"name": "y", "kind": "regression", "target": "y"},
            {"name": "n", "kind": "count", "target": "n"},
        ],
        "model": {"shared": [{"kind": "linear", "out_features": 4}, {"kind": "relu"}]},
    }
    with open_store(tmp_path / "runs.sqlite") as store:
        for run in runs:
            training = {"epochs": 3, "device": "cpu", "seed": run}
            assert execute(store, store.create_run(spec_from_data(spec | {"training": training}))).state == "finished"
        models = load_stored_models(str(tmp_path / "runs.sqlite"), runs)
    predictor = RowPredictor(models.saved)
    for level in (0.8, 0.95):
        rows = read_new_rows(str(tmp_path / "new.csv"), predictor.preprocessing)
        table = predictor.predict(rows, models.interval_widths(level))
        cells = np.array([row[1:] for row in table.rows], float)
        names = table.header[1:]
        assert names == ("y.predicted", "y.low", "y.high", "n.predicted", "n.low", "n.high")
        inside = (cells[:, 1] <= truth) & (truth <= cells[:, 2])
        # Of 1000 validation rows and of the new ones: four binomial standard errors of each.
        slack = 4 * (np.sqrt(level * (1 - level) / 1000) + np.sqrt(level * (1 - level) / NEW_ROWS))
        assert level - slack <= inside.mean() <= level + slack
        assert (cells[:, 4] >= 0).all()


def test_notes_say_the_share_and_what_is_missing() -> None:
    assert interval_notes({}, 0.9) == ()
    few = interval_notes({"y": (1.0, None)}, 0.95)
    assert "at least 95 %" in few[0]
    assert few[1] == "Task y has too few validation rows for intervals of 95 %."

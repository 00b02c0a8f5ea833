"""Every weighting method, at each of its levels, learns three tasks of a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from mtl_core import train
from mtl_core.spec import Spec, Weighting, kind_of, members, spec_from_data
from mtl_core.store import RunStore, SeriesKey, open_store

ROWS = 240
TASKS = [
    {"name": "price", "kind": "regression", "target": "price"},
    {"name": "sold", "kind": "binary", "target": "sold"},
    {"name": "city", "kind": "multiclass", "target": "city"},
]


def levels_of(member: type[Spec]) -> list[dict[str, Any]]:
    """A method with its defaults, once at each of its levels."""
    level = member.model_fields.get("level")
    given = {"kind": kind_of(member)}
    return [given | {"level": value} for value in get_args(level.annotation)] if level else [given]


EVERY = [given for member in members(Weighting) for given in levels_of(member)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three inputs, from which a number and two classes follow."""
    draw = np.random.default_rng(5)
    lines = ["a,b,c,price,sold,city"]
    for a, b, c in draw.normal(size=(ROWS, 3)):
        price = 3 * a - 2 * b + 0.1 * draw.normal()
        sold, city = "yes" if a + c > 0 else "no", "xyz"[int(b > 0) + int(b > c)]
        lines.append(f"{a:.4f},{b:.4f},{c:.4f},{price:.4f},{sold},{city}")
    file = tmp_path_factory.mktemp("table") / "houses.csv"
    file.write_text("\n".join(lines), "utf-8")
    return file


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    with open_store(tmp_path_factory.mktemp("store") / "runs.sqlite") as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("weighting", EVERY, ids=lambda given: "-".join(given.values()))
def test_every_weighting_learns_three_tasks_of_a_table(table: Path, store: RunStore, weighting: dict[str, Any]) -> None:
    spec = spec_from_data(
        {
            "version": 1,
            "name": "three tasks",
            "dataset": {"kind": "table", "path": str(table), "inputs": ["a", "b", "c"]},
            "tasks": TASKS,
            "model": {"shared": [{"kind": "linear", "out_features": 16}, {"kind": "relu"}]},
            "weighting": weighting,
            "training": {"epochs": 15, "batch_size": 32, "device": "cpu", "optimizer": {"kind": "adam", "lr": 0.01}},
        }
    )
    run = train(spec, store)
    assert (run.state, run.error) == ("finished", "")
    points = store.read(run.id)[0]
    for task in spec.task_names:
        losses = points[SeriesKey(task, "train", "loss")].values
        assert losses[-10:].mean() < 0.85 * losses[:10].mean(), task

"""A trained run with kept checkpoints, in the default store of the window."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mtl_core.runner.execution import execute
from mtl_core.spec import ExperimentSpec, set_at, spec_from_data, spec_to_data
from mtl_core.store import RunStore, open_store
from tests.e2e.experiments import houses


def experiment(**changes: Any) -> ExperimentSpec:
    """The houses with weights by hand; ``training__epochs=9`` changes ``training.epochs``."""
    data: Any = spec_to_data(houses(epochs=4, batch_size=64, keep_checkpoints=1))
    data = set_at(data, "weighting", {"kind": "manual", "weights": {"price": 1.0, "sold": 2.0}})
    for path, value in changes.items():
        data = set_at(data, path.replace("__", "."), value)
    return spec_from_data(data)


@pytest.fixture
def records(home: Path) -> Iterator[RunStore]:
    """The store, with run 1: four epochs of seven steps, each kept but the last."""
    home.mkdir(parents=True, exist_ok=True)
    with open_store() as store:
        assert execute(store, store.create_run(experiment())).state == "finished"
        yield store

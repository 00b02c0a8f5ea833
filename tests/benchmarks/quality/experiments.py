"""The experiments that are judged: what the window makes of each table, and the presets of tables, untouched."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.pages.data import dataset_choice, roles
from mtl_core.datasets.description import describe
from mtl_core.spec import ExperimentSpec, load_preset, set_at, spec_from_data, spec_to_data
from mtl_core.spec.experiment import dataset_from_data
from tests.benchmarks.quality.generated import GENERATED

BUNDLED_TABLES = ("iris", "wine", "diabetes", "breast_cancer", "houses")
"""Not *linnerud*, which has three test rows; *two_heads* and *many_heads* are among the presets."""
TABLES = (*BUNDLED_TABLES, *GENERATED)
PRESETS = ("diabetes", "houses", "wine", "two_heads", "many_heads")
_ROWS_OF_START = 14_000

Maker = Callable[[int], ExperimentSpec]


def experiments(folder: Path, tables: tuple[str, ...] = TABLES) -> dict[str, Maker]:
    """What makes the experiment of each table, and of each preset, for a seed of its split and initialization.

    Args:
        folder: Where generated tables are written.
        tables: Their names.
    """
    makers: dict[str, Maker] = {}
    for name in tables:
        data = _new_experiment(name, folder)
        makers[name] = lambda seed, data=data: _seeded(data, seed)
    return makers


def presets() -> dict[str, Maker]:
    """What makes each preset of a table, for a seed."""
    return {
        f"preset {name}": lambda seed, name=name: _seeded(spec_to_data(load_preset(name)), seed) for name in PRESETS
    }


def _new_experiment(name: str, folder: Path) -> dict[str, Any]:
    """What the window makes when a table is chosen after its start, and its targets are clicked."""
    if name in GENERATED:
        make, targets = GENERATED[name]
        path = folder / f"{name}.csv"
        make(np.random.default_rng(0)).to_csv(path, index=False)
        dataset = dataset_choice.table_dataset(str(path))
    else:
        targets, dataset = (), dataset_choice.bundled_dataset(name)
    info = describe(dataset_from_data(dataset))
    data = dataset_choice.with_dataset(spec_to_data(load_preset("multidigits")), dataset, info, _ROWS_OF_START)
    if not targets:
        return data
    new = {column.name: "target" if column.name in targets else "input" for column in info.columns}
    for path_, value in roles.with_roles(data, info, new).items():
        data = set_at(data, path_, value)
    return data


def _seeded(data: dict[str, Any], seed: int) -> ExperimentSpec:
    split = {**data["dataset"]["split"], "seed": seed}
    training = {**data["training"], "seed": seed, "device": "cpu"}
    return spec_from_data({**data, "dataset": {**data["dataset"], "split": split}, "training": training})

"""Default inputs, layers and training settings of a new experiment on a table, by its number of training rows.

The values were chosen on bundled and generated tables against linear models, random forests, boosted trees and RealMLP,
on other splits than those that ``python -m tests.benchmarks quality`` reports. With few rows one regularized layer
generalizes better than two. With more, an ensemble whose members share most weights (TabM) gains what nothing else
does; for very many it would take too long. What counts for convergence is the number of steps, so a small table gets
small batches and many epochs; but no more epochs than it has rows, or the network memorizes them. Bins of the numeric
inputs gain what a random forest is better at where a column's effect is not linear, and lose nothing elsewhere, once a
bin has rows enough.
"""

import json
import math
from collections.abc import Iterable
from typing import Any

from mtl_core.spec.experiment import spec_to_data
from mtl_core.spec.inputs import OneHot, PiecewiseLinear, Standardized
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.training.training_spec import TrainingSpec

STEPS = 2000
"""Least number of optimizer steps of a run that is not stopped early, unless that takes more epochs than rows."""
FEW_ROWS = 1000
"""Number of training rows from which on there are two shared layers instead of one."""
MANY_ROWS = 50_000
"""Number of training rows from which on the model is no ensemble."""
_MEMBERS = 8
_MOST_CATEGORIES, _ROWS_FOR_CATEGORIES = 1000, 20_000
"""Inputs of one categorical column, and the most rows for so many: they are dense."""
_ROWS_FOR_BINS = 50
_BATCHES_PER_EPOCH = 20
_SMALLEST_BATCH, _LARGEST_BATCH = 8, 256
_LEAST_EPOCHS, _LEAST_PATIENCE = 20, 10


def table_numeric_inputs(rows: int) -> dict[str, Any]:
    """Chooses the encoding of numeric columns, as spec data for ``dataset.numeric_inputs``.

    Args:
        rows: Number of training rows.
    """
    return spec_to_data(PiecewiseLinear() if rows >= _ROWS_FOR_BINS else Standardized())


def table_categorical_inputs(rows: int) -> dict[str, Any]:
    """Chooses the encoding of categorical columns, as spec data for ``dataset.categorical_inputs``.

    Args:
        rows: Number of training rows.
    """
    return spec_to_data(OneHot(most=_MOST_CATEGORIES) if rows <= _ROWS_FOR_CATEGORIES else OneHot())


def table_layers(rows: int, tasks: Iterable[str], *, ensemble: bool = True) -> dict[str, Any]:
    """Chooses shared layers and task heads, as spec data for ``model``.

    Args:
        rows: Number of training rows.
        tasks: Names of the tasks.
        ensemble: Whether the model may be an ensemble.
    """
    members = ensemble and FEW_ROWS <= rows < MANY_ROWS
    few = rows < FEW_ROWS
    width = 128 if few or members else 256
    layers = [
        {"kind": "linear", "out_features": width},
        {"kind": "silu"},
        {"kind": "dropout", "p": 0.3 if few else 0.1},
    ]
    shared = [*([{"kind": "tabm", "members": _MEMBERS}] if members else []), *layers * (1 if few else 2)]
    head = [{"kind": "linear", "out_features": 32}, {"kind": "silu"}]
    model = ModelSpec.model_validate_json(json.dumps({"shared": shared, "heads": dict.fromkeys(tasks, head)}))
    return {name: spec_to_data(model)[name] for name in ("shared", "heads")}


def table_training(rows: int) -> dict[str, Any]:
    """Chooses length, batch size, optimizer, schedule and early stopping, as spec data for ``training``.

    Args:
        rows: Number of training rows.
    """
    size = 2 ** round(math.log2(max(rows, 1) / _BATCHES_PER_EPOCH))
    batch = int(min(_LARGEST_BATCH, max(_SMALLEST_BATCH, size)))
    epochs = max(_LEAST_EPOCHS, min(rows, math.ceil(STEPS / math.ceil(max(rows, 1) / batch))))
    values = {
        "epochs": epochs,
        "batch_size": batch,
        "optimizer": {"kind": "adamw", "lr": 1e-3, "weight_decay": 0.3},
        "schedule": {"kind": "cosine"},
        "early_stopping": {"patience": max(_LEAST_PATIENCE, epochs // 4)},
    }
    data = spec_to_data(TrainingSpec.model_validate_json(json.dumps(values)))
    return {name: data[name] for name in values}

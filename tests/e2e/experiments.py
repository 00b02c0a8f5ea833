"""Experiments on bundled data that train in seconds."""

from typing import Any

from mtl_core.spec import ExperimentSpec, spec_from_data

ENDLESS = 100_000
"""Epochs of a run that ends when it is told to."""


def houses(**training: Any) -> ExperimentSpec:
    """Price and sale of 600 houses, with a small trunk.

    Args:
        **training: Settings of the section ``training``.
    """
    layers = [{"kind": "linear", "out_features": 16}, {"kind": "relu"}]
    return spec_from_data(
        {
            "version": 1,
            "name": "houses",
            "dataset": {"kind": "bundled", "name": "houses"},
            "tasks": [
                {"name": "price", "kind": "regression", "target": "price"},
                {"name": "sold", "kind": "binary", "target": "sold"},
            ],
            "model": {"shared": layers, "heads": {"price": layers}},
            "weighting": {"kind": "equal"},
            "training": {"epochs": 4, "batch_size": 64, "device": "cpu"} | training,
        }
    )

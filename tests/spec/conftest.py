"""Fixtures of the spec: valid data, and a function that changes one setting."""

from collections.abc import Callable
from typing import Any

import pytest

from mtl_core.spec import set_at, spec_from_data, spec_to_data

Data = dict[str, Any]
Change = Callable[..., Data]


@pytest.fixture
def data() -> Data:
    """A complete, valid experiment on a table: three tasks of three kinds."""
    return spec_to_data(
        spec_from_data(
            {
                "version": 1,
                "name": "three tasks",
                "dataset": {"kind": "table", "path": "/data/houses.csv", "inputs": ["area", "rooms"]},
                "tasks": [
                    {"name": "price", "kind": "regression", "target": "price"},
                    {"name": "sold", "kind": "binary", "target": "sold"},
                    {"name": "Kind", "kind": "multiclass", "target": "kind"},
                ],
                "model": {"shared": [{"kind": "linear"}, {"kind": "relu"}], "heads": {"price": [{"kind": "linear"}]}},
                "weighting": {"kind": "manual", "weights": {"price": 2.0}},
            }
        )
    )


@pytest.fixture
def changed(data: Data) -> Change:
    """The data with the value at one path changed."""

    def change(path: str, value: Any) -> Data:
        result: Data = set_at(data, path, value)
        return result

    return change

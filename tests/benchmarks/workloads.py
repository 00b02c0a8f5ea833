"""The two experiments that are timed: a small MLP on a table, and the bundled CNN of multidigits."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from mtl_core.spec import ExperimentSpec, load_preset, spec_from_data, spec_to_data

Loss = Callable[[Tensor, Tensor], Tensor]

_ROWS, _COLUMNS, _CLASSES = 24_000, 20, 4


@dataclass(frozen=True)
class Workload:
    """One experiment, for the trainer as a spec and by hand as a plain module with plain losses.

    Attributes:
        folder: A name for its files.
        classified: Which tasks are classifications; the others are regressions.
    """

    name: str
    folder: str
    spec: ExperimentSpec
    model: Callable[[], nn.Module]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    losses: tuple[Loss, ...]
    classified: tuple[bool, ...]


class TwoHeads(nn.Module):
    """A trunk and two heads, as one writes them by hand."""

    def __init__(self, trunk: nn.Module, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.trunk, self.first, self.second = trunk, first, second

    def forward(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(inputs)
        return self.first(features), self.second(features)


def digits(epochs: int) -> Workload:
    """The CNN preset but for its length and its weighting: the sum of the losses, as in the loops by hand."""
    return Workload(
        "CNN, multidigits preset",
        "cnn",
        lasting(load_preset("multidigits"), epochs, weighting={"kind": "equal"}),
        _cnn,
        lambda model: torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=True),
        (F.cross_entropy, F.cross_entropy),
        (True, True),
    )


def table(folder: Path, epochs: int) -> Workload:
    """A small MLP with a regression and a classification on a table with numeric columns."""
    file = folder / "table.csv"
    _write_table(file)
    return Workload(
        "MLP, table of 20 columns",
        "mlp",
        lasting(_table_spec(file), epochs),
        _mlp,
        lambda model: torch.optim.Adam(model.parameters(), lr=1e-3, fused=True),
        (F.mse_loss, F.cross_entropy),
        (False, True),
    )


def _cnn() -> nn.Module:
    trunk = nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64 * 4 * 4, 128),
        nn.ReLU(),
    )
    heads = [nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)) for _ in range(2)]
    return TwoHeads(trunk, *heads)


def _mlp() -> nn.Module:
    trunk = nn.Sequential(nn.Linear(_COLUMNS, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU())
    heads = [nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, width)) for width in (1, _CLASSES)]
    return TwoHeads(trunk, *heads)


def _write_table(file: Path) -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(_ROWS, _COLUMNS))
    hidden = np.tanh(inputs @ random.normal(size=(_COLUMNS, _CLASSES)) / 3)
    price = hidden.sum(axis=1) + 0.1 * random.normal(size=_ROWS)
    group = (hidden + 0.1 * random.normal(size=hidden.shape)).argmax(axis=1)
    frame = pd.DataFrame(inputs, columns=[f"x{i}" for i in range(_COLUMNS)])
    frame.assign(price=price, group=[f"g{i}" for i in group]).to_csv(file, index=False)


def _table_spec(file: Path) -> ExperimentSpec:
    head = [{"kind": "linear", "out_features": 32}, {"kind": "relu"}]
    return spec_from_data(
        {
            "version": 1,
            "name": "small MLP",
            "dataset": {"kind": "table", "path": str(file), "inputs": [f"x{i}" for i in range(_COLUMNS)]},
            "tasks": [
                {"name": "price", "kind": "regression", "target": "price", "metrics": ["rmse"]},
                {"name": "group", "kind": "multiclass", "target": "group", "metrics": ["accuracy"]},
            ],
            "model": {
                "shared": [{"kind": "linear", "out_features": 64}, {"kind": "relu"}] * 2,
                "heads": {"price": head, "group": head},
            },
            "weighting": {"kind": "equal"},
            "training": {"batch_size": 128, "optimizer": {"kind": "adam", "lr": 1e-3}},
        }
    )


def lasting(spec: ExperimentSpec, epochs: int, **parts: object) -> ExperimentSpec:
    data = spec_to_data(spec) | parts
    data["training"] |= {"epochs": epochs, "early_stopping": None, "device": "cpu"}
    return spec_from_data(data)

"""Small models under every sharing scheme, and helpers of the schemes' tests."""

from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec, kind_of, members
from mtl_core.spec.sharing import Sharing
from tests.inputs import as_table

KINDS = [kind_of(member) for member in members(Sharing)]
OUTPUTS = {"left": 3, "right": 2}
ROW, IMAGE = (5,), (1, 8, 8)

DENSE: list[dict[str, Any]] = [
    {"kind": "linear", "out_features": 6},
    {"kind": "relu"},
    {"kind": "linear", "out_features": 4},
    {"kind": "tanh"},
]
CONVS: list[dict[str, Any]] = [
    {"kind": "conv2d", "out_channels": 4, "padding": 0},
    {"kind": "batch_norm2d"},
    {"kind": "relu"},
    {"kind": "conv2d", "out_channels": 4, "padding": 0},
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "flatten"},
    {"kind": "dropout", "p": 0.2},
    {"kind": "linear", "out_features": 6},
    {"kind": "relu"},
]
TRUNKS: dict[str, tuple[list[dict[str, Any]], tuple[int, ...]]] = {
    "dense": (DENSE, ROW),
    "convs": (CONVS, IMAGE),
    "features of an image": (CONVS[:7], IMAGE),
    "no stage": ([{"kind": "flatten"}], IMAGE),
    "nothing": ([], ROW),
    "nothing learned": ([{"kind": "flatten"}, {"kind": "tanh"}, {"kind": "dropout"}], (1, 4, 4)),
    "a sequence": ([{"kind": "conv1d", "out_channels": 4, "stride": 2, "padding": 0}, {"kind": "relu"}] * 2, (2, 11)),
}


def spec_of(sharing: dict[str, Any] | str, shared: list[dict[str, Any]]) -> ModelSpec:
    given = {"kind": sharing} if isinstance(sharing, str) else sharing
    heads = {"left": [{"kind": "flatten"}, {"kind": "linear", "out_features": 3}, {"kind": "relu"}]}
    return ModelSpec.model_validate({"sharing": given, "shared": shared, "heads": heads}, strict=False)


def built(
    sharing: dict[str, Any] | str,
    trunk: str = "dense",
    seed: int = 0,
    outputs: dict[str, int] | None = None,
) -> MultiTaskModel:
    shared, shape = TRUNKS[trunk]
    torch.manual_seed(seed)
    return build_model(spec_of(sharing, shared), {"table": shape}, outputs or OUTPUTS)


def batch(trunk: str = "dense", rows: int = 6) -> Tensor:
    return torch.randn(rows, *TRUNKS[trunk][1], generator=torch.Generator().manual_seed(1))


def outputs_of(model: nn.Module, inputs: Tensor, seed: int = 0) -> list[Tensor]:
    """What a model in its present mode says, with dropout drawn from a seed."""
    torch.manual_seed(seed)
    found: list[Tensor] = model(as_table(inputs))
    return found


def number(parameters: Any) -> int:
    return sum(parameter.numel() for parameter in parameters)

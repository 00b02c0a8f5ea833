"""Small models under any sharing scheme."""

from typing import Any

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model
from mtl_core.spec import ModelSpec
from tests.inputs import as_table

WIDE: list[dict[str, Any]] = [
    {"kind": "linear", "out_features": 7},
    {"kind": "tanh"},
    {"kind": "linear", "out_features": 6},
    {"kind": "tanh"},
]
IMAGE: list[dict[str, Any]] = [
    {"kind": "conv2d", "out_channels": 4},
    {"kind": "batch_norm2d"},
    {"kind": "relu"},
    {"kind": "max_pool2d"},
    {"kind": "conv2d", "out_channels": 5},
    {"kind": "relu"},
    {"kind": "flatten"},
]
OUTPUTS = {"a": 1, "b": 2, "c": 3}


def spec_of(sharing: dict[str, Any], shared: list[dict[str, Any]] = WIDE) -> ModelSpec:
    heads = {"a": [{"kind": "linear", "out_features": 5}, {"kind": "tanh"}]}
    return ModelSpec.model_validate({"sharing": sharing, "shared": shared, "heads": heads}, strict=False)


def built(sharing: dict[str, Any], shared: list[dict[str, Any]] = WIDE, seed: int = 0) -> Any:
    """In float64, with the numbers that follow from a seed."""
    torch.manual_seed(seed)
    shape = (2, 6, 6) if shared is IMAGE else (4,)
    return build_model(spec_of(sharing, shared), {"table": shape}, OUTPUTS).double()


def rows(count: int = 9, *shape: int, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, *(shape or (4,)), dtype=torch.float64, generator=generator)


def losses(model: MultiTaskModel, inputs: Tensor) -> list[Tensor]:
    return [(output - 1).square().mean() for output in model(as_table(inputs))]


def gradients(loss: Tensor, parameters: list[torch.nn.Parameter]) -> list[Tensor]:
    found = torch.autograd.grad(loss, parameters, allow_unused=True, retain_graph=True)
    return [torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)]

"""Small encoded inputs under every kind of fusion."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from pydantic import TypeAdapter
from torch import Tensor, nn

from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs
from mtl_core.architectures.fusion.registry import build_fusion
from mtl_core.architectures.layers.modules import Embedding
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.spec import kind_of, members
from mtl_core.spec.fusion import BaseFusion, Fusion
from mtl_core.spec.inputs.base import presence_key
from mtl_core.spec.reports import Shape

KINDS = [kind_of(member) for member in members(Fusion)]
SETTINGS: dict[str, dict[str, Any]] = {
    "sum": {"width": 6},
    "mean": {"width": 6},
    "gated": {"width": 6},
    "bilinear": {"rank": 5, "width": 6},
    "cross_attention": {"width": 6, "heads": 2},
    "bottleneck": {"width": 6, "heads": 2, "tokens": 2},
    "mixture": {"hidden": 5, "width": 6},
}
"""Small settings with which each kind takes any shapes."""
SHAPES: dict[str, Shape] = {"table": (4,), "title": (3, 5), "image": (2, 3, 3)}


def fusion_of(kind: str, **settings: Any) -> BaseFusion:
    fusion: BaseFusion = TypeAdapter(Fusion).validate_python({"kind": kind, **SETTINGS.get(kind, {}), **settings})
    return fusion


def fused(
    fusion: BaseFusion,
    shapes: Mapping[str, Shape] = SHAPES,
    encoders: Mapping[str, LayerStack] | None = None,
    seed: int = 0,
) -> EncodedInputs:
    """In float64, without encoder layers unless given; its stand-ins are not zeros."""
    torch.manual_seed(seed)
    encoders = encoders or {name: LayerStack() for name in shapes}
    module = EncodedInputs(encoders, build_fusion(fusion, shapes), shapes, fusion).double()
    for stand_in in () if module.stand_ins is None else module.stand_ins.values():
        nn.init.normal_(stand_in)
    return module


def random_inputs(shapes: Mapping[str, Shape] = SHAPES, rows: int = 6, seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(rows, *shape, dtype=torch.float64, generator=generator) for name, shape in shapes.items()}


def with_absent(inputs: Mapping[str, Tensor], **absent: Sequence[int]) -> dict[str, Tensor]:
    """The inputs, some of whose rows lack them."""
    masks = {}
    for name, rows in absent.items():
        mask = torch.ones(len(inputs[name]), dtype=torch.bool)
        mask[list(rows)] = False
        masks[presence_key(name)] = mask
    return {**inputs, **masks}


def text_encoder(width: int = 3) -> LayerStack:
    return LayerStack(Embedding(9, width), nn.Conv1d(width, width, 3, padding=1))

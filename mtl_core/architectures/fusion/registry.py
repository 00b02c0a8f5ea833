"""Registry of all kinds of fusion: how each is checked and built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from torch import nn

from mtl_core.architectures.layers.faults import Fault
from mtl_core.spec.fusion import BaseFusion, Fusion
from mtl_core.spec.reports import Shape
from mtl_core.spec.unions import kind_of, members


@dataclass(frozen=True)
class FusionBuilder:
    """The builder of a kind of fusion.

    Attributes:
        build: Builds the module from the spec and the shapes of the encoders' outputs, by input.
        check: The fault that keeps the fusion from taking these shapes, or None.
    """

    build: Callable[[Any, Mapping[str, Shape]], nn.Module]
    check: Callable[[Any, Mapping[str, Shape]], Fault | None]


def _load_builder(kind: str) -> FusionBuilder:
    """Loads the builder of a kind: the module's ``build`` and, if it has one, its ``check``."""
    module = import_module(f"mtl_core.architectures.fusion.{kind}")
    return FusionBuilder(module.build, getattr(module, "check", lambda *_: None))


FUSIONS = {kind: _load_builder(kind) for kind in map(kind_of, members(Fusion))}
"""The builder of each kind of fusion."""


def build_fusion(fusion: BaseFusion, shapes: Mapping[str, Shape]) -> nn.Module:
    """Builds the fusion of encoders' outputs of the given shapes."""
    return FUSIONS[fusion.kind].build(fusion, shapes)

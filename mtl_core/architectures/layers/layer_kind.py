"""What the engine knows of a kind of layer: how it is checked, built and described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from mtl_core.architectures.layers.faults import Fault
from mtl_core.architectures.layers.input_rules import accept_any_shape, dimensions
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape


@dataclass(frozen=True)
class LayerKind:
    """How a kind of layer is built, checked and described.

    Attributes:
        build: Builds the module from the layer's spec and its input shape without the batch dimension.
        check: The fault that keeps the layer from taking that shape, or None.
        detail: The layer's settings as a few words for the diagram.
    """

    build: Callable[[Any, Shape], nn.Module]
    check: Callable[[Any, Shape], Fault | None] = accept_any_shape
    detail: Callable[[Any], str] = lambda _: ""


Kinds = dict[type[Spec], LayerKind]
"""The kinds of a group of layers, by their spec class."""


def kind_without_settings(
    module: Callable[[], nn.Module], check: Callable[[Any, Shape], Fault | None] = accept_any_shape
) -> LayerKind:
    """The kind of a layer without settings."""
    return LayerKind(lambda _, __: module(), check)


def join_details(*parts: str) -> str:
    """Joins the words of a detail; empty ones are left out."""
    return " · ".join(part for part in parts if part)


def kernel_detail(layer: Any) -> str:
    """The size of a window, such as ``3×3``."""
    return "×".join([str(layer.kernel_size)] * dimensions(layer))

"""Layers in other layers."""

from collections.abc import Iterable
from typing import Any


def holds_layer(layers: Iterable[Any], kinds: type | tuple[type, ...]) -> bool:
    """Whether one of the layers, or a layer in one, is of a kind.

    Args:
        layers: Layers; those that hold others have ``layers``.
        kinds: A spec class of layers, or several.
    """
    return any(isinstance(layer, kinds) or holds_layer(getattr(layer, "layers", ()), kinds) for layer in layers)

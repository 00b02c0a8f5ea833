"""Stacks of layers to start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.forms import defaults_of
from mtl_core.spec import LAYER_GROUPS, kind_of

_CLASSES = {kind_of(spec): spec for group in LAYER_GROUPS.values() for spec in group}


@dataclass(frozen=True)
class Template:
    """Shared layers and the layers of every task.

    Attributes:
        name: objectName of its entry.
        title: What the menu says.
        help: What it is good for.
        image: Whether it needs images.
        shared: Layers as (kind, settings).
        head: As ``shared``.
    """

    name: str
    title: str
    help: str
    image: bool
    shared: tuple[tuple[str, dict[str, Any]], ...]
    head: tuple[tuple[str, dict[str, Any]], ...]


def _dense(*widths: int, dropout: float = 0.0, norm: bool = False) -> tuple[tuple[str, dict[str, Any]], ...]:
    layers: list[tuple[str, dict[str, Any]]] = []
    for width in widths:
        layers.append(("linear", {"out_features": width}))
        layers += [("batch_norm1d", {})] if norm else []
        layers.append(("relu", {}))
        layers += [("dropout", {"p": dropout})] if dropout else []
    return tuple(layers)


def _block(channels: int, *, twice: bool = False, pool: bool = True) -> tuple[tuple[str, dict[str, Any]], ...]:
    conv: tuple[tuple[str, dict[str, Any]], ...] = (("conv2d", {"out_channels": channels}), ("relu", {}))
    if twice:
        conv = (("conv2d", {"out_channels": channels}), ("batch_norm2d", {}), ("relu", {})) * 2
    return (*conv, ("max_pool2d", {})) if pool else conv


_MLP, _FLAT = "A few dense layers; for tables.", ("flatten", dict[str, Any]())
TEMPLATES: tuple[Template, ...] = (
    Template("linear", "Linear", "No shared layer: a linear model per task, a baseline.", False, (), ()),
    Template("mlp-small", "MLP, small", _MLP, False, _dense(64), _dense(32)),
    Template("mlp-medium", "MLP, medium", _MLP, False, _dense(256, 128), _dense(64)),
    Template(
        "mlp-regularised",
        "MLP, normalised, with dropout",
        "Batch normalisation and dropout after each dense layer; for larger tables.",
        False,
        _dense(256, 256, dropout=0.2, norm=True),
        _dense(64),
    ),
    Template(
        "cnn-small",
        "CNN, small",
        "Two convolutions with pooling; for small images.",
        True,
        (*_block(32), *_block(64), _FLAT, *_dense(128)),
        _dense(64),
    ),
    Template(
        "cnn-medium",
        "CNN, medium",
        "Double convolutions with batch normalisation, pooled globally; for larger images.",
        True,
        (
            *_block(32, twice=True),
            *_block(64, twice=True),
            *_block(128, twice=True, pool=False),
            ("global_avg_pool", {}),
        ),
        _dense(64),
    ),
)


def values_of(template: Template, tasks: Sequence[str], *, image: bool) -> dict[str, Any]:
    """What the template sets in the document; dense layers on images begin with Flatten."""
    shared = template.shared
    if image and not template.image:
        shared = (_FLAT, *shared)
    return {"model.shared": _layers(shared), "model.heads": {task: _layers(template.head) for task in tasks}}


def _layers(layers: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**defaults_of(_CLASSES[kind]), **settings} for kind, settings in layers]

"""Templates: layers to start from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.forms import defaults_of
from mtl_core.spec import LAYER_GROUPS, join, kind_of

Reads = Literal["table", "image", "text"]
_CLASSES = {kind_of(spec): spec for group in LAYER_GROUPS.values() for spec in group}


@dataclass(frozen=True)
class Template:
    """Shared layers, and the layers of each task.

    Attributes:
        name: objectName of its menu entry.
        title: Title in the menu.
        help: Tooltip in the menu.
        reads: The kind of input that it reads; layers for tables also read flattened images.
        shared: Layers as (kind, settings).
        head: Layers of each task, as ``shared``.
    """

    name: str
    title: str
    help: str
    reads: Reads
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


_MLP, _FLATTEN = "A few dense layers; for tables.", ("flatten", dict[str, Any]())
_CONV: tuple[tuple[str, dict[str, Any]], ...] = (("conv1d", {"out_channels": 64}), ("relu", {}))
_POOLED: tuple[tuple[str, dict[str, Any]], ...] = (("global_avg_pool", {}),)
TEMPLATES: tuple[Template, ...] = (
    Template("linear", "Linear", "No shared layer: a linear model per task, a baseline.", "table", (), ()),
    Template("mlp-small", "MLP, small", _MLP, "table", _dense(64), _dense(32)),
    Template("mlp-medium", "MLP, medium", _MLP, "table", _dense(256, 128), _dense(64)),
    Template(
        "mlp-regularized",
        "MLP, normalized, with dropout",
        "Batch normalization and dropout after each dense layer; for larger tables.",
        "table",
        _dense(256, 256, dropout=0.2, norm=True),
        _dense(64),
    ),
    Template(
        "cnn-small",
        "CNN, small",
        "Two convolutions with pooling; for small images.",
        "image",
        (*_block(32), *_block(64), _FLATTEN, *_dense(128)),
        _dense(64),
    ),
    Template(
        "cnn-medium",
        "CNN, medium",
        "Double convolutions with batch normalization, pooled globally; for larger images.",
        "image",
        (
            *_block(32, twice=True),
            *_block(64, twice=True),
            *_block(128, twice=True, pool=False),
            ("global_avg_pool", {}),
        ),
        _dense(64),
    ),
    Template(
        "text-average",
        "Words, averaged",
        "The mean of the words' vectors, whatever their order; tags are predicted from each word alone.",
        "text",
        (("embedding", {"dimensions": 64}),),
        _POOLED,
    ),
    Template(
        "text-cnn",
        "Text, CNN",
        "Two convolutions over the words, each of which sees its neighbors.",
        "text",
        (("embedding", {"dimensions": 32}), *_CONV, *_CONV),
        _POOLED,
    ),
    Template(
        "text-lstm",
        "Text, LSTM",
        "Reads the words in both directions.",
        "text",
        (("embedding", {"dimensions": 32}), ("lstm", {"hidden_size": 32})),
        _POOLED,
    ),
)


def template_settings(
    template: Template, tasks: Sequence[str], *, image: bool, tagging: Collection[str] = ()
) -> dict[str, Any]:
    """The settings that the template changes; dense layers on images begin with Flatten.

    Args:
        template: The template.
        tasks: Their names.
        image: Whether the input is an image.
        tagging: Tasks that predict at every position, and so get no layers that pool over them.
    """
    shared = (_FLATTEN, *template.shared) if image and template.reads == "table" else template.shared
    heads = {task: _layers(() if task in tagging else template.head) for task in tasks}
    return {"model.shared": _layers(shared), "model.heads": heads}


def encoder_settings(template: Template, name: str, *, image: bool) -> dict[str, Any]:
    """The setting of the input ``name`` that the template changes: its own layers, which give a row of features."""
    layers = (*template.shared, *(template.head if template.reads == "text" else ()))
    layers = (_FLATTEN, *layers) if image and template.reads == "table" else layers
    return {join(("model", "inputs", name)): _layers(layers)}


def _layers(layers: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**defaults_of(_CLASSES[kind]), **settings} for kind, settings in layers]

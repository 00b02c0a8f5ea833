"""Templates: layers to start from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.forms import defaults_of
from mtl_core.spec import LAYER_GROUPS, join, kind_of

Reads = Literal["table", "columns", "image", "text", "sound"]
Entries = tuple[tuple[str, dict[str, Any]], ...]
_CLASSES = {kind_of(spec): spec for group in LAYER_GROUPS.values() for spec in group}


@dataclass(frozen=True)
class Template:
    """Shared layers, and the layers of each task.

    Attributes:
        name: objectName of its menu entry.
        title: Title in the menu.
        help: Tooltip in the menu.
        reads: The kind of input that it reads; layers for tables also read flattened images, layers for images sounds;
            layers for the columns of a table read nothing else.
        shared: Layers as (kind, settings).
        head: Layers of each task, as ``shared``.
        map_head: Layers of each task that predicts a value for every pixel.
    """

    name: str
    title: str
    help: str
    reads: Reads
    shared: Entries
    head: Entries
    map_head: Entries = ()


def _layers(layers: Sequence[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    return [{**defaults_of(_CLASSES[kind]), **settings} for kind, settings in layers]


def _dense(*widths: int, dropout: float = 0.0, norm: bool = False) -> Entries:
    layers: list[tuple[str, dict[str, Any]]] = []
    for width in widths:
        layers.append(("linear", {"out_features": width}))
        layers += [("batch_norm1d", {})] if norm else []
        layers.append(("relu", {}))
        layers += [("dropout", {"p": dropout})] if dropout else []
    return tuple(layers)


def _block(channels: int, *, twice: bool = False, pool: bool = True) -> Entries:
    conv: Entries = (("conv2d", {"out_channels": channels}), ("relu", {}))
    if twice:
        conv = (("conv2d", {"out_channels": channels}), ("batch_norm2d", {}), ("relu", {})) * 2
    return (*conv, ("max_pool2d", {})) if pool else conv


def _residual(channels: int, stride: int = 1) -> Entries:
    """A residual block of two convolutions, and the ReLU behind it."""
    first = {"out_channels": channels, "stride": stride, "padding": 1}
    inner: Entries = (("conv2d", first), ("batch_norm2d", {}), ("relu", {}), ("conv2d", {"out_channels": channels}))
    return (("residual", {"layers": _layers((*inner, ("batch_norm2d", {})))}), ("relu", {}))


def _transformer(blocks: int) -> Entries:
    """Transformer blocks, and the normalization behind the last one."""
    return (*(("transformer_block", {"heads": 4}),) * blocks, ("rms_norm", {}))


_MLP, _FLATTEN = "A few dense layers; for tables.", ("flatten", dict[str, Any]())
_CONV: Entries = (("conv1d", {"out_channels": 64}), ("relu", {}))
_POOLED: Entries = (("global_avg_pool", {}),)
_PATCHES: Entries = (("patch_embedding", {"patch_size": 4, "dimensions": 64}),)
_MEAN: Entries = (("sequence_pool", {"pool": "mean"}),)
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
        "tabm",
        "TabM",
        "An ensemble of dense models that share most weights, trained at once; good on most tables, and slower.",
        "table",
        (("tabm", {}), *_dense(256, 256, dropout=0.1)),
        (),
    ),
    Template(
        "ft-transformer",
        "FT-Transformer",
        "Attention between the columns, each a vector, read at a class token; slow with many columns.",
        "columns",
        (
            ("feature_embeddings", {"dimensions": 64, "numbers": "linear"}),
            ("class_token", {}),
            *(("transformer_block", {"heads": 8, "feed_forward": 86, "activation": "reglu"}),) * 3,
            ("select_position", {"position": "first"}),
            ("layer_norm", {}),
            ("relu", {}),
        ),
        (),
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
        "residual-cnn",
        "CNN, residual",
        "Convolutions beside skips, at three sizes; trains well when deep.",
        "image",
        (
            ("conv2d", {"out_channels": 32}),
            ("batch_norm2d", {}),
            ("relu", {}),
            *_residual(32),
            *_residual(64, stride=2),
            *_residual(128, stride=2),
            ("global_avg_pool", {}),
        ),
        _dense(64),
    ),
    Template(
        "vit-small",
        "Vision transformer, small",
        "Attention between patches of 4×4 pixels, read at a class token; wants many images.",
        "image",
        (
            *_PATCHES,
            ("class_token", {}),
            ("positional_encoding", {}),
            *_transformer(4),
            ("select_position", {"position": "first"}),
        ),
        (),
    ),
    Template(
        "segmenter",
        "Segmenter",
        "A vision transformer whose tokens become an image again for tasks with a class for every pixel.",
        "image",
        (*_PATCHES, ("positional_encoding", {}), *_transformer(4)),
        _MEAN,
        (("tokens_to_image", {}),),
    ),
    Template(
        "mlp-mixer",
        "MLP-Mixer",
        "Linear layers over patches of 4×4 pixels and over channels in turn.",
        "image",
        (*_PATCHES, *(("mixer_block", {}),) * 4, ("rms_norm", {}), *_MEAN),
        (),
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
    Template(
        "text-transformer",
        "Text, transformer",
        "Attention between the words; the padding behind a text's end takes no part.",
        "text",
        (
            ("embedding", {"dimensions": 64}),
            ("positional_encoding", {"encoding": "sinusoidal"}),
            *_transformer(2),
        ),
        (("sequence_pool", {"pool": "attention"}),),
    ),
    Template(
        "log-mel-cnn",
        "Log-mel CNN",
        "Convolutions over frequencies and time, pooled globally.",
        "sound",
        (
            ("batch_norm2d", {}),
            *_block(32, twice=True),
            *_block(64, twice=True),
            *_block(128, twice=True, pool=False),
            ("squeeze_excite", {}),
            ("global_avg_pool", {}),
        ),
        _dense(64, dropout=0.2),
    ),
)


def template_settings(
    template: Template,
    tasks: Sequence[str],
    *,
    image: bool,
    tagging: Collection[str] = (),
    segmenting: Collection[str] = (),
) -> dict[str, Any]:
    """The settings that the template changes; dense layers on images begin with Flatten.

    Args:
        template: The template.
        tasks: Their names.
        image: Whether the input is an image.
        tagging: Tasks that predict at every position, and so get no layers that pool over them.
        segmenting: Tasks that predict at every pixel.
    """
    shared = (_FLATTEN, *template.shared) if image and template.reads == "table" else template.shared
    own_heads = {**dict.fromkeys(tagging, ()), **dict.fromkeys(segmenting, template.map_head)}
    heads = {task: _layers(own_heads.get(task, template.head)) for task in tasks}
    return {"model.shared": _layers(shared), "model.heads": heads}


def encoder_settings(template: Template, name: str, *, image: bool) -> dict[str, Any]:
    """The setting of the input ``name`` that the template changes: its own layers, which give a row of features.

    Members of an ensemble begin in the shared layers alone.
    """
    shared = [layer for layer in template.shared if layer[0] != "tabm"]
    layers = (*shared, *(template.head if template.reads == "text" else ()))
    layers = (_FLATTEN, *layers) if image and template.reads == "table" else layers
    return {join(("model", "inputs", name)): _layers(layers)}

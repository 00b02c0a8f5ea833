"""Templates: layers to start from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any, Literal

from app.forms import defaults_of
from mtl_core.spec import LAYER_GROUPS, join, kind_of

Reads = Literal["table", "columns", "image", "text", "sound"]
Entries = tuple[tuple[str, dict[str, Any]], ...]
_CLASSES = {kind_of(spec): spec for group in LAYER_GROUPS.values() for spec in group}
_MOST_TOKENS = 196
"""Most patches of an image, as many as the paper's vision transformers read; attention costs their number squared."""
_SMALLEST_PATCH = 4
_WIDEST, _NARROWEST = 64, 32
"""Channels of the first and of the last layers that enlarge a map."""


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
        pool: The last shared layers, which make a row of features of an image or of tokens; each head begins with them
            instead where a task predicts a value for every pixel.
        map_head: The first layers of each task that predicts a value for every pixel; None: it cannot predict any.
    """

    name: str
    title: str
    help: str
    reads: Reads
    shared: Entries
    head: Entries
    pool: Entries = ()
    map_head: Entries | None = None


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
_PATCHES: Entries = (("patch_embedding", {"dimensions": 64}),)
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
        (*_block(32), *_block(64)),
        _dense(64),
        (_FLATTEN, *_dense(128)),
        (),
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
        ),
        _dense(64),
        _POOLED,
        (),
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
        ),
        _dense(64),
        _POOLED,
        (),
    ),
    Template(
        "vit-small",
        "Vision transformer, small",
        "Attention between patches of the image, read at a class token; wants many images.",
        "image",
        (*_PATCHES, ("class_token", {}), ("positional_encoding", {}), *_transformer(4)),
        (),
        (("select_position", {"position": "first"}),),
        (("tokens_to_image", {"skip": 1}),),
    ),
    Template(
        "segmenter",
        "Segmenter",
        "A vision transformer whose tokens become an image again for tasks with a class for every pixel.",
        "image",
        (*_PATCHES, ("positional_encoding", {}), *_transformer(4)),
        (),
        _MEAN,
        (("tokens_to_image", {}),),
    ),
    Template(
        "mlp-mixer",
        "MLP-Mixer",
        "Linear layers over patches of the image and over channels in turn.",
        "image",
        (*_PATCHES, *(("mixer_block", {}),) * 4, ("rms_norm", {})),
        (),
        _MEAN,
        (("tokens_to_image", {}),),
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


def patch_size(height: int, width: int) -> int:
    """The side of the patches that cover an image: small ones, unless there were too many."""
    sides = [side for side in range(1, gcd(height, width) + 1) if not (height % side or width % side)]
    fitting = [side for side in sides if side >= _SMALLEST_PATCH and height * width // side**2 <= _MOST_TOKENS]
    return min(fitting, default=max(sides, default=_SMALLEST_PATCH))


def template_settings(
    template: Template,
    tasks: Sequence[str],
    *,
    image: bool,
    shape: Sequence[int] = (),
    tagging: Collection[str] = (),
    segmenting: Collection[str] = (),
) -> dict[str, Any]:
    """The settings that the template changes; dense layers on images begin with Flatten.

    Args:
        template: The template.
        tasks: Their names.
        image: Whether the input is an image.
        shape: Channels, height and width of the image; empty while unknown.
        tagging: Tasks that predict at every position, and so get no layers that pool over them.
        segmenting: Tasks that predict at every pixel.
    """
    pools_in_heads = template.map_head is not None and any(task in segmenting for task in tasks)
    shared = template.shared if pools_in_heads else (*template.shared, *template.pool)
    head = (*template.pool, *template.head) if pools_in_heads else template.head
    map_head = (*(template.map_head or ()), *_enlarging(_pixels_a_position(template, shape)))
    own_heads = {**dict.fromkeys(tagging, ()), **dict.fromkeys(segmenting, map_head)}
    heads = {task: _layers(own_heads.get(task, head)) for task in tasks}
    return {"model.shared": _layers(_fitting(shared, template, image=image, shape=shape)), "model.heads": heads}


def encoder_settings(template: Template, name: str, *, image: bool, shape: Sequence[int] = ()) -> dict[str, Any]:
    """The setting of the input ``name`` that the template changes: its own layers, which give a row of features.

    Members of an ensemble begin in the shared layers alone.

    Args:
        template: The template.
        name: Of the input.
        image: Whether it is an image.
        shape: Channels, height and width of the image; empty while unknown.
    """
    shared = [layer for layer in (*template.shared, *template.pool) if layer[0] != "tabm"]
    layers = (*shared, *(template.head if template.reads == "text" else ()))
    return {join(("model", "inputs", name)): _layers(_fitting(layers, template, image=image, shape=shape))}


def _fitting(layers: Entries, template: Template, *, image: bool, shape: Sequence[int]) -> Entries:
    """Layers that read an image of this shape: flattened by those for tables, in patches that cover it by others."""
    if image and template.reads == "table":
        return (_FLATTEN, *layers)
    if len(shape) != 3:
        return layers
    patches = {"patch_size": patch_size(*shape[1:])}
    return tuple((kind, settings | patches if kind == "patch_embedding" else settings) for kind, settings in layers)


def _pixels_a_position(template: Template, shape: Sequence[int]) -> int:
    """How many pixels of a side become one position of the shared layers' output."""
    has_patches = any(kind == "patch_embedding" for kind, _ in template.shared)
    return patch_size(*shape[1:]) if has_patches and len(shape) == 3 else _SMALLEST_PATCH


def _enlarging(pixels: int) -> Entries:
    """Transposed convolutions that double the image until a position has two or three pixels of a side."""
    doublings = pixels.bit_length() - 2
    widths = (max(_NARROWEST, _WIDEST >> number) for number in range(doublings))
    return tuple(layer for width in widths for layer in (("conv_transpose2d", {"out_channels": width}), ("relu", {})))

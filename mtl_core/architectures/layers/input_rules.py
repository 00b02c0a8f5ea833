"""What each kind of layer asks of what arrives, checked before it is built so that the answer is in plain words."""

from math import gcd, prod

from mtl_core.architectures.layers.errors import LIMIT, Fault, Mend, amount, arrives
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

Conv = spec.Conv1d | spec.Conv2d
Pool = spec.MaxPool1d | spec.MaxPool2d | spec.AvgPool1d | spec.AvgPool2d
BatchNorm = spec.BatchNorm1d | spec.BatchNorm2d
Recurrent = spec.LSTM | spec.GRU

_TAKES = {
    1: "a row of features",
    2: "channels × length",
    3: "channels × height × width",
}
_OTHER_RANK: dict[type[Spec], type[Spec]] = {
    spec.Conv1d: spec.Conv2d,
    spec.Conv2d: spec.Conv1d,
    spec.MaxPool1d: spec.MaxPool2d,
    spec.MaxPool2d: spec.MaxPool1d,
    spec.AvgPool1d: spec.AvgPool2d,
    spec.AvgPool2d: spec.AvgPool1d,
    spec.BatchNorm1d: spec.BatchNorm2d,
    spec.BatchNorm2d: spec.BatchNorm1d,
}


def anything(_: Spec, __: Shape) -> None:
    """No rule: any shape will do."""


def linear(layer: spec.Linear, shape: Shape) -> Fault | None:
    """One row of features, and a weight matrix that fits in memory."""
    if len(shape) != 1:
        return Fault(_takes(layer, shape, 1), Mend("Add Flatten before", (spec.Flatten(), layer)))
    return too_large(layer, (shape[0] + layer.bias) * layer.out_features)


def conv(layer: Conv, shape: Shape) -> Fault | None:
    """The right number of dimensions, groups that divide the channels, and a window that fits."""
    return _conv_rank(layer, shape) or _conv_groups(layer, shape[0]) or _conv_window(layer, shape)


def _conv_rank(layer: Conv, shape: Shape) -> Fault | None:
    rank = dimensions(layer) + 1
    if len(shape) == rank:
        return None
    if len(shape) == 1:
        dense = spec.Linear(out_features=layer.out_channels, bias=layer.bias)
        return Fault(_takes(layer, shape, rank), Mend("Use Linear", (dense,)))
    return Fault(_takes(layer, shape, rank), _other_rank(layer, shape))


def _conv_groups(layer: Conv, channels: int) -> Fault | None:
    if channels % layer.groups == 0 and layer.out_channels % layer.groups == 0:
        return None
    groups = _largest_divisor(gcd(channels, layer.out_channels), layer.groups)
    return Fault(
        f"{layer.title} splits its channels into {layer.groups} groups, which must divide the channels that arrive "
        f"({channels}) and its own ({layer.out_channels}).",
        _with(layer, f"Set groups to {groups}", groups=groups),
    )


def _conv_window(layer: Conv, shape: Shape) -> Fault | None:
    window = layer.dilation * (layer.kernel_size - 1) + 1
    if layer.padding == "same":
        if layer.stride != 1:
            return Fault(
                f"{layer.title} keeps the size with padding 'same', so its stride must be 1; it is {layer.stride}.",
                _with(layer, f"Set padding to {window // 2}", padding=window // 2),
            )
        sizes = shape[1:]
    else:
        padded = [size + 2 * layer.padding for size in shape[1:]]
        if window > min(padded):
            kernel = (min(padded) - 1) // layer.dilation + 1
            return Fault(
                _too_wide(layer, window, min(padded)),
                _with(layer, f"Set the kernel size to {kernel}", kernel_size=kernel),
            )
        sizes = tuple((size - window) // layer.stride + 1 for size in padded)
    taps = shape[0] // layer.groups * layer.kernel_size ** dimensions(layer)
    return too_large(layer, (taps + layer.bias) * layer.out_channels) or too_long(
        layer, layer.out_channels * prod(sizes)
    )


def embedding(layer: spec.Embedding, shape: Shape) -> Fault | None:
    """One row of token numbers, and vectors that fit in memory."""
    if len(shape) != 1:
        return Fault(f"Embedding takes a row of token numbers; {arrives(shape)}.", Mend("Remove this layer", ()))
    return too_large(layer, layer.vocabulary * layer.dim) or too_long(layer, layer.dim * shape[0])


def first(layer: Spec, shape: Shape | None) -> Fault | None:
    """What must be the first layer of the model stands behind another."""
    if isinstance(layer, spec.Pretrained) and shape is not None and len(shape) == 1:
        text = f"{layer.title} reads images, or as the first layer the tokens of a text; {arrives(shape)}."
        return Fault(text, Mend("Remove this layer", ()))
    if not isinstance(layer, spec.Embedding):
        return None
    text = "Embedding reads the numbers of the tokens, so it must be the first layer."
    return Fault(text, Mend("Remove this layer", ()))


def recurrent(layer: Recurrent, shape: Shape) -> Fault | None:
    """Channels × length."""
    if len(shape) == 2:
        return None
    mend = Mend("Use Linear", (spec.Linear(out_features=layer.hidden_size),)) if len(shape) == 1 else None
    return Fault(_takes(layer, shape, 2), mend)


def pool(layer: Pool, shape: Shape) -> Fault | None:
    """The right number of dimensions and a window that fits the padded input."""
    rank = dimensions(layer) + 1
    if len(shape) != rank:
        mend = Mend("Remove this layer", ()) if len(shape) == 1 else _other_rank(layer, shape)
        return Fault(_takes(layer, shape, rank), mend)
    most = layer.kernel_size // 2
    if layer.padding > most:
        return Fault(
            f"{layer.title} pads by at most half its window of {layer.kernel_size}; its padding is {layer.padding}.",
            _with(layer, f"Set padding to {most}", padding=most),
        )
    padded = min(shape[1:]) + 2 * layer.padding
    if layer.kernel_size > padded:
        smaller = _with(layer, f"Set the kernel size to {padded}", kernel_size=padded)
        return Fault(
            _too_wide(layer, layer.kernel_size, padded),
            smaller if padded > 1 else Mend("Remove this layer", ()),
        )
    stride = layer.stride or layer.kernel_size
    sizes = [(size + 2 * layer.padding - layer.kernel_size) // stride + 1 for size in shape[1:]]
    return too_long(layer, shape[0] * prod(sizes))


def batch_norm(layer: BatchNorm, shape: Shape) -> Fault | None:
    """BatchNorm1d: features or a sequence; BatchNorm2d: an image."""
    if isinstance(layer, spec.BatchNorm2d):
        return None if len(shape) == 3 else Fault(_takes(layer, shape, 3), _other_rank(layer, shape))
    if len(shape) in (1, 2):
        return None
    text = f"{layer.title} takes features, or channels × length; {arrives(shape)}."
    return Fault(text, _other_rank(layer, shape))


def group_norm(layer: spec.GroupNorm, shape: Shape) -> Fault | None:
    """Groups that divide the channels and hold more than one value each."""
    channels, positions = shape[0], prod(shape[1:])
    most = min(layer.num_groups, channels if positions > 1 else channels // 2)
    if most < 1:
        return Fault(f"{layer.title} needs at least two values a row; {arrives(shape)}.", Mend("Remove this layer", ()))
    groups = _largest_divisor(channels, most)
    if groups == layer.num_groups:
        return None
    mend = _with(layer, f"Set the groups to {groups}", num_groups=groups)
    if channels % layer.num_groups:
        return Fault(
            f"{layer.title} needs a number of groups that divides the channels; "
            f"{layer.num_groups} groups do not divide {channels}.",
            mend,
        )
    return Fault(
        f"{layer.title} needs at least two values in each group; {layer.num_groups} groups of {channels} "
        "leave one in each.",
        mend,
    )


def dropout2d(layer: spec.Dropout2d, shape: Shape) -> Fault | None:
    """Channels with positions."""
    if len(shape) in (2, 3):
        return None
    text = f"{layer.title} takes channels × height × width, or channels × length; {arrives(shape)}."
    return Fault(text, Mend("Use Dropout", (spec.Dropout(p=layer.p),)))


def global_pool(layer: spec.GlobalAvgPool | spec.GlobalMaxPool, shape: Shape) -> Fault | None:
    """Channels with positions."""
    if len(shape) >= 2:
        return None
    text = f"{layer.title} takes channels × length or channels × height × width; {arrives(shape)}."
    return Fault(text, Mend("Remove this layer", ()))


def too_large(layer: Spec, parameters: int, before: int = 0) -> Fault | None:
    """More parameters than any machine here holds; ``before`` are those of the layers already there."""
    if parameters > LIMIT:
        return Fault(f"{layer.title} would have {amount(parameters)} parameters; at most {amount(LIMIT)} can be held.")
    if before + parameters > LIMIT:
        return Fault(
            f"With this {layer.title} the model would have {amount(before + parameters)} parameters; "
            f"at most {amount(LIMIT)} can be held."
        )
    return None


def too_long(layer: Spec, values: int) -> Fault | None:
    """More values in one row than any machine here holds."""
    if values <= LIMIT:
        return None
    return Fault(f"{layer.title} would make {amount(values)} values of each row; at most {amount(LIMIT)} can be held.")


def dimensions(layer: Spec) -> int:
    """1 for layers along a sequence, 2 for layers over an image."""
    return 1 if str(getattr(layer, "kind", "")).endswith("1d") else 2


def _takes(layer: Spec, shape: Shape, rank: int) -> str:
    return f"{layer.title} takes {_TAKES[rank]}; {arrives(shape)}."


def _too_wide(layer: Spec, window: int, padded: int) -> str:
    return (
        f"{layer.title} has a window of {window} positions, which must fit the padded input; {padded} arrive."
        if padded != 1
        else f"{layer.title} has a window of {window} positions, which must fit the padded input; 1 arrives."
    )


def _with(layer: Spec, label: str, **changes: object) -> Mend:
    return Mend(label, (layer.model_copy(update=changes),))


def _other_rank(layer: Spec, shape: Shape) -> Mend | None:
    """The same layer for the number of dimensions that does arrive."""
    other = _OTHER_RANK[type(layer)]
    fits = {1: ("1d",) if isinstance(layer, BatchNorm) else (), 2: ("1d",), 3: ("2d",)}.get(len(shape), ())
    if not str(other.model_fields["kind"].default).endswith(fits or ("-",)):
        return None
    settings = layer.model_dump(exclude={"kind"})
    return Mend(f"Use {other.title}", (other(**settings),))


def _largest_divisor(number: int, most: int) -> int:
    return next(d for d in range(min(number, most), 0, -1) if number % d == 0)

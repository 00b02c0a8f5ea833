"""Checks each kind of layer against the shape of its input before building it, for errors in plain words."""

from math import gcd, prod

from mtl_core.architectures.layers.faults import MAX_SIZE, Fault, QuickFix, arrival_text, format_amount
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

Conv = spec.Conv1d | spec.Conv2d
Pool = spec.MaxPool1d | spec.MaxPool2d | spec.AvgPool1d | spec.AvgPool2d
BatchNorm = spec.BatchNorm1d | spec.BatchNorm2d
Recurrent = spec.LSTM | spec.GRU
TableEmbeddings = spec.FeatureEmbeddings | spec.NumericEmbeddings | spec.CategoryEmbeddings

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


def accept_any_shape(_: Spec, __: Shape) -> None:
    """Accepts any shape."""


def check_linear(layer: spec.Linear, shape: Shape) -> Fault | None:
    """Requires one row of features, and a weight matrix that fits in memory."""
    if len(shape) != 1:
        return Fault(_rank_message(layer, shape, 1), QuickFix("Add Flatten before", (spec.Flatten(), layer)))
    return check_parameter_count(layer, (shape[0] + layer.bias) * layer.out_features)


def check_conv(layer: Conv, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions, groups that divide the channels, and a window that fits."""
    return _conv_rank(layer, shape) or _conv_groups(layer, shape[0]) or _conv_window(layer, shape)


def _conv_rank(layer: Conv, shape: Shape) -> Fault | None:
    rank = dimensions(layer) + 1
    if len(shape) == rank:
        return None
    if len(shape) == 1:
        linear = spec.Linear(out_features=layer.out_channels, bias=layer.bias)
        return Fault(_rank_message(layer, shape, rank), QuickFix("Use Linear", (linear,)))
    return Fault(_rank_message(layer, shape, rank), _rank_fix(layer, shape))


def _conv_groups(layer: Conv, channels: int) -> Fault | None:
    if channels % layer.groups == 0 and layer.out_channels % layer.groups == 0:
        return None
    groups = _largest_divisor(gcd(channels, layer.out_channels), layer.groups)
    return Fault(
        f"{layer.title} splits its channels into {layer.groups} groups, which must divide the channels that arrive "
        f"({channels}) and its own ({layer.out_channels}).",
        _setting_fix(layer, f"Set groups to {groups}", groups=groups),
    )


def _conv_window(layer: Conv, shape: Shape) -> Fault | None:
    window = layer.dilation * (layer.kernel_size - 1) + 1
    if layer.padding == "same":
        if layer.stride != 1:
            return Fault(
                f"{layer.title} keeps the size with padding 'same', so its stride must be 1; it is {layer.stride}.",
                _setting_fix(layer, f"Set padding to {window // 2}", padding=window // 2),
            )
        sizes = shape[1:]
    else:
        padded = [size + 2 * layer.padding for size in shape[1:]]
        if window > min(padded):
            kernel = (min(padded) - 1) // layer.dilation + 1
            return Fault(
                _window_message(layer, window, min(padded)),
                _setting_fix(layer, f"Set the kernel size to {kernel}", kernel_size=kernel),
            )
        sizes = tuple((size - window) // layer.stride + 1 for size in padded)
    weights_per_filter = shape[0] // layer.groups * layer.kernel_size ** dimensions(layer)
    return check_parameter_count(layer, (weights_per_filter + layer.bias) * layer.out_channels) or check_value_count(
        layer, layer.out_channels * prod(sizes)
    )


def check_embedding(layer: spec.Embedding, shape: Shape) -> Fault | None:
    """Requires one row of token ids, and vectors that fit in memory."""
    if len(shape) != 1:
        return Fault(
            f"Embedding takes a row of token numbers; {arrival_text(shape)}.", QuickFix("Remove this layer", ())
        )
    return check_parameter_count(layer, layer.vocabulary * layer.dim) or check_value_count(layer, layer.dim * shape[0])


def check_first_layer(layer: Spec, shape: Shape | None) -> Fault | None:
    """Fault of a layer that must be the first of the model but is not."""
    if isinstance(layer, spec.Pretrained) and shape is not None and len(shape) == 1:
        text = f"{layer.title} reads images, or as the first layer the tokens of a text; {arrival_text(shape)}."
        return Fault(text, QuickFix("Remove this layer", ()))
    if isinstance(layer, TableEmbeddings):
        text = f"{layer.title} reads the columns of a table, so it must be the first layer."
        return Fault(text, QuickFix("Remove this layer", ()))
    if not isinstance(layer, spec.Embedding):
        return None
    text = "Embedding reads the numbers of the tokens, so it must be the first layer."
    return Fault(text, QuickFix("Remove this layer", ()))


def check_recurrent(layer: Recurrent, shape: Shape) -> Fault | None:
    """Requires channels × length."""
    if len(shape) == 2:
        return None
    quick_fix = QuickFix("Use Linear", (spec.Linear(out_features=layer.hidden_size),)) if len(shape) == 1 else None
    return Fault(_rank_message(layer, shape, 2), quick_fix)


def check_pool(layer: Pool, shape: Shape) -> Fault | None:
    """Requires the right number of dimensions and a window that fits the padded input."""
    rank = dimensions(layer) + 1
    if len(shape) != rank:
        quick_fix = QuickFix("Remove this layer", ()) if len(shape) == 1 else _rank_fix(layer, shape)
        return Fault(_rank_message(layer, shape, rank), quick_fix)
    maximum = layer.kernel_size // 2
    if layer.padding > maximum:
        return Fault(
            f"{layer.title} pads by at most half its window of {layer.kernel_size}; its padding is {layer.padding}.",
            _setting_fix(layer, f"Set padding to {maximum}", padding=maximum),
        )
    padded = min(shape[1:]) + 2 * layer.padding
    if layer.kernel_size > padded:
        smaller_window = _setting_fix(layer, f"Set the kernel size to {padded}", kernel_size=padded)
        return Fault(
            _window_message(layer, layer.kernel_size, padded),
            smaller_window if padded > 1 else QuickFix("Remove this layer", ()),
        )
    stride = layer.stride or layer.kernel_size
    sizes = [(size + 2 * layer.padding - layer.kernel_size) // stride + 1 for size in shape[1:]]
    return check_value_count(layer, shape[0] * prod(sizes))


def check_batch_norm(layer: BatchNorm, shape: Shape) -> Fault | None:
    """Requires features or a sequence for BatchNorm1d, an image for BatchNorm2d."""
    if isinstance(layer, spec.BatchNorm2d):
        return None if len(shape) == 3 else Fault(_rank_message(layer, shape, 3), _rank_fix(layer, shape))
    if len(shape) in (1, 2):
        return None
    text = f"{layer.title} takes features, or channels × length; {arrival_text(shape)}."
    return Fault(text, _rank_fix(layer, shape))


def check_group_norm(layer: spec.GroupNorm, shape: Shape) -> Fault | None:
    """Requires groups that divide the channels and hold more than one value each."""
    channels, positions = shape[0], prod(shape[1:])
    maximum = min(layer.num_groups, channels if positions > 1 else channels // 2)
    if maximum < 1:
        return Fault(
            f"{layer.title} needs at least two values a row; {arrival_text(shape)}.", QuickFix("Remove this layer", ())
        )
    groups = _largest_divisor(channels, maximum)
    if groups == layer.num_groups:
        return None
    quick_fix = _setting_fix(layer, f"Set the groups to {groups}", num_groups=groups)
    if channels % layer.num_groups:
        return Fault(
            f"{layer.title} needs a number of groups that divides the channels; "
            f"{layer.num_groups} groups do not divide {channels}.",
            quick_fix,
        )
    return Fault(
        f"{layer.title} needs at least two values in each group; {layer.num_groups} groups of {channels} "
        "leave one in each.",
        quick_fix,
    )


def check_dropout2d(layer: spec.Dropout2d, shape: Shape) -> Fault | None:
    """Requires channels with positions."""
    if len(shape) in (2, 3):
        return None
    text = f"{layer.title} takes channels × height × width, or channels × length; {arrival_text(shape)}."
    return Fault(text, QuickFix("Use Dropout", (spec.Dropout(p=layer.p),)))


def check_global_pool(layer: spec.GlobalAvgPool | spec.GlobalMaxPool, shape: Shape) -> Fault | None:
    """Requires channels with positions."""
    if len(shape) >= 2:
        return None
    text = f"{layer.title} takes channels × length or channels × height × width; {arrival_text(shape)}."
    return Fault(text, QuickFix("Remove this layer", ()))


def check_parameter_count(layer: Spec, parameters: int, existing: int = 0) -> Fault | None:
    """Fault of more parameters than `MAX_SIZE`, together with the ``existing`` ones of the layers before."""
    if parameters > MAX_SIZE:
        return Fault(
            f"{layer.title} would have {format_amount(parameters)} parameters; "
            f"at most {format_amount(MAX_SIZE)} can be held."
        )
    if existing + parameters > MAX_SIZE:
        return Fault(
            f"With this {layer.title} the model would have {format_amount(existing + parameters)} parameters; "
            f"at most {format_amount(MAX_SIZE)} can be held."
        )
    return None


def check_value_count(layer: Spec, values: int) -> Fault | None:
    """Fault of more values per row than `MAX_SIZE`."""
    if values <= MAX_SIZE:
        return None
    return Fault(
        f"{layer.title} would make {format_amount(values)} values of each row; "
        f"at most {format_amount(MAX_SIZE)} can be held."
    )


def dimensions(layer: Spec) -> int:
    """Number of spatial dimensions: 1 for layers over a sequence, 2 for layers over an image."""
    return 1 if str(getattr(layer, "kind", "")).endswith("1d") else 2


def _rank_message(layer: Spec, shape: Shape, rank: int) -> str:
    return f"{layer.title} takes {_TAKES[rank]}; {arrival_text(shape)}."


def _window_message(layer: Spec, window: int, padded: int) -> str:
    return (
        f"{layer.title} has a window of {window} positions, which must fit the padded input; {padded} arrive."
        if padded != 1
        else f"{layer.title} has a window of {window} positions, which must fit the padded input; 1 arrives."
    )


def _setting_fix(layer: Spec, label: str, **changes: object) -> QuickFix:
    return QuickFix(label, (layer.model_copy(update=changes),))


def _rank_fix(layer: Spec, shape: Shape) -> QuickFix | None:
    """Quick fix that replaces a layer by its counterpart for the input's number of dimensions."""
    counterpart = _OTHER_RANK[type(layer)]
    suffixes = {1: ("1d",) if isinstance(layer, BatchNorm) else (), 2: ("1d",), 3: ("2d",)}.get(len(shape), ())
    if not str(counterpart.model_fields["kind"].default).endswith(suffixes or ("-",)):
        return None
    settings = layer.model_dump(exclude={"kind"})
    return QuickFix(f"Use {counterpart.title}", (counterpart(**settings),))


def _largest_divisor(number: int, maximum: int) -> int:
    return next(d for d in range(min(number, maximum), 0, -1) if number % d == 0)

"""What the checks of layers have in common: messages, quick fixes and limits, before a layer is built."""

from mtl_core.architectures.layers.faults import MAX_SIZE, Fault, QuickFix, arrival_text, format_amount
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

TableEmbeddings = spec.FeatureEmbeddings | spec.NumericEmbeddings | spec.CategoryEmbeddings

_TAKES = {
    1: "a row of features",
    2: "channels × length",
    3: "channels × height × width",
}
_PAIRS: tuple[tuple[type[Spec], type[Spec]], ...] = (
    (spec.Conv1d, spec.Conv2d),
    (spec.DepthwiseConv1d, spec.DepthwiseConv2d),
    (spec.ConvTranspose1d, spec.ConvTranspose2d),
    (spec.Bottleneck1d, spec.Bottleneck2d),
    (spec.MaxPool1d, spec.MaxPool2d),
    (spec.AvgPool1d, spec.AvgPool2d),
    (spec.BatchNorm1d, spec.BatchNorm2d),
)
"""Layers over a sequence and their counterparts over an image."""
_OTHER_RANK = {**dict(_PAIRS), **{over_image: over_sequence for over_sequence, over_image in _PAIRS}}


def accept_any_shape(_: Spec, __: Shape) -> None:
    """Accepts any shape."""


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


def check_stated_inputs(layer: Spec, name: str, shape: Shape) -> Fault | None:
    """Fault of a layer that is set to take another number of features or channels than arrive.

    Args:
        layer: The layer.
        name: Its setting with that number, which may be empty.
        shape: What arrives.
    """
    stated = getattr(layer, name)
    if stated is None or stated == shape[0]:
        return None
    noun = name.removeprefix("in_")
    return Fault(
        f"{layer.title} is set to take {stated} {noun}; {arrival_text(shape)}.",
        setting_fix(layer, f"Take {shape[0]} {noun}", **{name: shape[0]}),
    )


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


def rank_message(layer: Spec, shape: Shape, rank: int) -> str:
    """Message of a layer that takes another number of dimensions than arrive."""
    return f"{layer.title} takes {_TAKES[rank]}; {arrival_text(shape)}."


def window_message(layer: Spec, window: int, padded: int) -> str:
    """Message of a window that is larger than the padded input."""
    return (
        f"{layer.title} has a window of {window} positions, which must fit the padded input; {padded} arrive."
        if padded != 1
        else f"{layer.title} has a window of {window} positions, which must fit the padded input; 1 arrives."
    )


def setting_fix(layer: Spec, label: str, **changes: object) -> QuickFix:
    """Quick fix that changes settings of a layer."""
    return QuickFix(label, (layer.model_copy(update=changes),))


def other_rank_fix(layer: Spec, shape: Shape) -> QuickFix | None:
    """Quick fix that replaces a layer by its counterpart for the input's number of dimensions."""
    counterpart = _OTHER_RANK[type(layer)]
    suffixes = {
        1: ("1d",) if isinstance(layer, spec.BatchNorm1d | spec.BatchNorm2d) else (),
        2: ("1d",),
        3: ("2d",),
    }.get(len(shape), ())
    if not str(counterpart.model_fields["kind"].default).endswith(suffixes or ("-",)):
        return None
    settings = layer.model_dump(exclude={"kind"})
    return QuickFix(f"Use {counterpart.title}", (counterpart(**settings),))


def largest_divisor(number: int, maximum: int) -> int:
    """Largest divisor of a number that is not above a maximum."""
    return next(d for d in range(min(number, maximum), 0, -1) if number % d == 0)

"""From images to tokens and back."""

from math import gcd, isqrt

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix, arrival_text
from mtl_core.architectures.layers.input_rules import (
    check_parameter_count,
    check_value_count,
    largest_divisor,
    rank_message,
    setting_fix,
)
from mtl_core.architectures.layers.layer_kind import Kinds, LayerKind, join_details
from mtl_core.architectures.layers.modules.tokens import PatchEmbedding, TokensToImage
from mtl_core.spec import layers as spec
from mtl_core.spec.reports import Shape


def check_patches(layer: spec.PatchEmbedding, shape: Shape) -> Fault | None:
    """Requires an image that patches cover exactly."""
    if len(shape) != 3:
        return Fault(rank_message(layer, shape, 3), QuickFix("Remove this layer", ()))
    channels, height, width = shape
    size = layer.patch_size
    if height % size or width % size:
        fitting = largest_divisor(gcd(height, width), size)
        return Fault(
            f"{layer.title} needs patches that cover the image; patches of {size}×{size} do not cover "
            f"{height}×{width}.",
            setting_fix(layer, f"Set the patch size to {fitting}", patch_size=fitting),
        )
    return check_parameter_count(layer, (channels * size**2 + 1) * layer.dimensions) or check_value_count(
        layer, layer.dimensions * (height // size) * (width // size)
    )


def check_layout(layer: spec.TokensToImage, shape: Shape) -> Fault | None:
    """Requires as many tokens as the image has positions."""
    if len(shape) != 2:
        return Fault(rank_message(layer, shape, 2), QuickFix("Remove this layer", ()))
    tokens = shape[1] - layer.skip
    if layer.height is None and tokens > 0 and isqrt(tokens) ** 2 == tokens:
        return None
    if layer.height is not None and tokens > 0 and tokens % layer.height == 0:
        return None
    wanted = "a square image" if layer.height is None else f"{layer.height} rows"
    behind = f" behind the first {layer.skip}" if layer.skip else ""
    return Fault(
        f"{layer.title} cannot lay out {tokens} tokens{behind} as {wanted}; {arrival_text(shape)}.",
        _layout_fix(layer, shape[1]),
    )


def _layout_fix(layer: spec.TokensToImage, tokens: int) -> QuickFix:
    """Skips nothing or one class token if the others make a square, else sets a height that fits."""
    for skip in (0, 1):
        if tokens > skip and isqrt(tokens - skip) ** 2 == tokens - skip:
            return setting_fix(layer, f"Skip {skip} and lay out a square", skip=skip, height=None)
    skip = layer.skip if layer.skip < tokens else 0
    height = largest_divisor(tokens - skip, isqrt(tokens - skip))
    return setting_fix(layer, f"Set the height to {height}", skip=skip, height=height)


def _build_layout(layer: spec.TokensToImage, shape: Shape) -> nn.Module:
    return TokensToImage(layer.height or isqrt(shape[1] - layer.skip), layer.skip)


KINDS: Kinds = {
    spec.PatchEmbedding: LayerKind(
        lambda layer, shape: PatchEmbedding(shape[0], layer.dimensions, layer.patch_size),
        check_patches,
        lambda layer: f"{layer.dimensions} · {layer.patch_size}×{layer.patch_size}",
    ),
    spec.TokensToImage: LayerKind(
        _build_layout,
        check_layout,
        lambda layer: join_details(
            f"height {layer.height}" if layer.height else "", f"without the first {layer.skip}" if layer.skip else ""
        ),
    ),
}

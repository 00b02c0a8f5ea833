"""Checks of a fusion against the shapes of the encoded inputs, for errors in plain words."""

from collections.abc import Mapping

from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.spec.fusion.base import BaseFusion, EqualWidthFusion
from mtl_core.spec.fusion.bottleneck import Bottleneck
from mtl_core.spec.fusion.cross_attention import CrossAttention
from mtl_core.spec.reports import Shape
from mtl_core.text import group_digits


def setting_fix(fusion: BaseFusion, label: str, **changes: object) -> QuickFix:
    """The quick fix that changes settings of a fusion."""
    return QuickFix(label, (fusion.model_copy(update=changes),))


def check_equal_widths(fusion: EqualWidthFusion, shapes: Mapping[str, Shape]) -> Fault | None:
    """Requires inputs of one width, unless each is brought to one."""
    widths = {name: shape[0] for name, shape in shapes.items()}
    if fusion.width is not None or len(set(widths.values())) <= 1:
        return None
    arriving = ", ".join(f"{group_digits(width)} from {name!r}" for name, width in widths.items())
    widest = max(widths.values())
    return Fault(
        f"{fusion.title} needs as many features from each input, or a width to bring them to; {arriving} arrive.",
        setting_fix(fusion, f"Set the width to {group_digits(widest)}", width=widest),
    )


def check_heads(fusion: CrossAttention | Bottleneck) -> Fault | None:
    """Requires attention heads that divide the width."""
    if fusion.width % fusion.heads == 0:
        return None
    heads = next(count for count in range(min(fusion.heads, fusion.width), 0, -1) if fusion.width % count == 0)
    return Fault(
        f"{fusion.title} needs a number of attention heads that divides the width; "
        f"{fusion.heads} heads do not divide {group_digits(fusion.width)}.",
        setting_fix(fusion, f"Set the attention heads to {heads}", heads=heads),
    )

"""Blocks of convolutional networks."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers.convolutions import KERNEL


class SqueezeExcite(Spec):
    """Weight each channel by what the means of all channels say of it (Hu et al. 2018)."""

    title: ClassVar[str] = "Squeeze and excite"
    kind: Literal["squeeze_excite"] = "squeeze_excite"
    reduction: int = field(4, "How many times fewer channels the layer between has.", ge=1, le=1024)


class _Bottleneck(Spec):
    out_channels: int = field(64, "Number of channels that leave.", ge=1, le=100_000, scale="log")
    reduction: int = field(4, "How many times fewer channels the window sees.", ge=1, le=1024)
    kernel_size: int = field(3, KERNEL, ge=1, le=1023)
    stride: int = field(1, "Step from one window to the next.", ge=1, le=1024)
    norm: Literal["batch", "group"] = field(
        "batch", "Normalize over the batch, or in groups of channels of each row, which runs trained together need."
    )


class Bottleneck1d(_Bottleneck):
    """Residual block on a sequence: narrow by a 1×1 convolution, look around, widen again (He et al. 2016)."""

    title: ClassVar[str] = "Bottleneck1d"
    kind: Literal["bottleneck1d"] = "bottleneck1d"


class Bottleneck2d(_Bottleneck):
    """Residual block on an image: narrow by a 1×1 convolution, look around, widen again (He et al. 2016)."""

    title: ClassVar[str] = "Bottleneck2d"
    kind: Literal["bottleneck2d"] = "bottleneck2d"

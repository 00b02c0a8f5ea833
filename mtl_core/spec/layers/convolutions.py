"""Convolutions, and layers that make images and sequences larger."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers.dense import BIAS

Padding = Literal["same"] | Annotated[int, Field(ge=0)]

KERNEL = "Length of the window, in positions or pixels a side."
_STRIDE = "Step from one window to the next."
_PADDING = "Zeros added at each border; 'same' keeps the length (stride 1 only)."
_IN_CHANNELS = "Channels that arrive; empty: whatever does. A number is only compared with what arrives."
_DILATION = "Distance between the kernel's taps."


class _Conv(Spec):
    out_channels: int = field(32, "Number of filters.", ge=1, le=100_000, scale="log")
    kernel_size: int = field(3, KERNEL, ge=1, le=1024)
    stride: int = field(1, _STRIDE, ge=1, le=1024)
    padding: Padding = field("same", _PADDING)
    dilation: int = field(1, _DILATION, ge=1, le=1024, advanced=True)
    groups: int = field(1, "Channels are split into this many independent groups.", ge=1, advanced=True)
    bias: bool = field(True, BIAS)
    in_channels: int | None = field(None, _IN_CHANNELS, ge=1, advanced=True)


class Conv1d(_Conv):
    """Convolution along a sequence: channels × length."""

    title: ClassVar[str] = "Conv1d"
    kind: Literal["conv1d"] = "conv1d"


class Conv2d(_Conv):
    """Convolution over an image: channels × height × width."""

    title: ClassVar[str] = "Conv2d"
    kind: Literal["conv2d"] = "conv2d"


class _DepthwiseConv(Spec):
    multiplier: int = field(1, "Number of filters for each channel; as many times more channels leave.", ge=1, le=1024)
    kernel_size: int = field(3, KERNEL, ge=1, le=1024)
    stride: int = field(1, _STRIDE, ge=1, le=1024)
    padding: Padding = field("same", _PADDING)
    dilation: int = field(1, _DILATION, ge=1, le=1024, advanced=True)
    bias: bool = field(True, BIAS)
    in_channels: int | None = field(None, _IN_CHANNELS, ge=1, advanced=True)


class DepthwiseConv1d(_DepthwiseConv):
    """Convolution of each channel of a sequence by itself; a convolution of kernel size 1 behind it mixes them."""

    title: ClassVar[str] = "DepthwiseConv1d"
    kind: Literal["depthwise_conv1d"] = "depthwise_conv1d"


class DepthwiseConv2d(_DepthwiseConv):
    """Convolution of each channel of an image by itself; a convolution of kernel size 1 behind it mixes them."""

    title: ClassVar[str] = "DepthwiseConv2d"
    kind: Literal["depthwise_conv2d"] = "depthwise_conv2d"


class _ConvTranspose(Spec):
    out_channels: int = field(32, "Number of filters.", ge=1, le=100_000, scale="log")
    kernel_size: int = field(2, KERNEL, ge=1, le=1024)
    stride: int = field(2, "Step from one window to the next in the larger output.", ge=1, le=1024)
    padding: int = field(0, "Positions cut off at each border of the output.", ge=0, le=1024)
    output_padding: int = field(
        0, "Positions added at the end of the output; less than the stride.", ge=0, le=1023, advanced=True
    )
    bias: bool = field(True, BIAS)
    in_channels: int | None = field(None, _IN_CHANNELS, ge=1, advanced=True)


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution, which makes a sequence longer; the defaults double its length."""

    title: ClassVar[str] = "ConvTranspose1d"
    kind: Literal["conv_transpose1d"] = "conv_transpose1d"


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution, which makes an image larger; the defaults double its height and width."""

    title: ClassVar[str] = "ConvTranspose2d"
    kind: Literal["conv_transpose2d"] = "conv_transpose2d"


class Upsample(Spec):
    """Makes a sequence or an image larger without learning: repeats each position, or interpolates."""

    title: ClassVar[str] = "Upsample"
    kind: Literal["upsample"] = "upsample"
    factor: int = field(2, "How many times longer, or higher and wider.", ge=1, le=64)
    mode: Literal["nearest", "linear"] = field("nearest", "Repeat each position, or interpolate linearly.")

"""Linear layers and convolutions."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Padding = Literal["same"] | Annotated[int, Field(ge=0)]

KERNEL = "Length of the window, in positions or pixels a side."
_BIAS = "Add a learned offset to each output."
_STRIDE = "Step from one window to the next."
_PADDING = "Zeros added at each border; 'same' keeps the length (stride 1 only)."


class Linear(Spec):
    """Fully connected: every output is a weighted sum of all inputs."""

    title: ClassVar[str] = "Linear"
    kind: Literal["linear"] = "linear"
    out_features: int = field(64, "Number of outputs.", ge=1, le=1_000_000, scale="log")
    bias: bool = field(True, _BIAS)


class _Conv(Spec):
    out_channels: int = field(32, "Number of filters.", ge=1, le=100_000, scale="log")
    kernel_size: int = field(3, KERNEL, ge=1, le=1024)
    stride: int = field(1, _STRIDE, ge=1, le=1024)
    padding: Padding = field("same", _PADDING)
    dilation: int = field(1, "Distance between the kernel's taps.", ge=1, le=1024, advanced=True)
    groups: int = field(1, "Channels are split into this many independent groups.", ge=1, advanced=True)
    bias: bool = field(True, _BIAS)


class Conv1d(_Conv):
    """Convolution along a sequence: channels × length."""

    title: ClassVar[str] = "Conv1d"
    kind: Literal["conv1d"] = "conv1d"


class Conv2d(_Conv):
    """Convolution over an image: channels × height × width."""

    title: ClassVar[str] = "Conv2d"
    kind: Literal["conv2d"] = "conv2d"

"""The layers a trunk or a task head is made of; in-features are never typed, they follow from the data."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Padding = Literal["same"] | Annotated[int, Field(ge=0)]

_BIAS = "Add a learned offset to each output."
_KERNEL = "Length of the window, in positions or pixels a side."
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
    kernel_size: int = field(3, _KERNEL, ge=1, le=1024)
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


class Embedding(Spec):
    """A learned vector for each token of a text: channels × length.

    It reads the numbers of the tokens, so it must be the first layer.
    """

    title: ClassVar[str] = "Embedding"
    kind: Literal["embedding"] = "embedding"
    vocabulary: int = field(
        10_000,
        "Tokens with a vector of their own, the most frequent first; all others share that of the unknown.",
        ge=3,
        le=10_000_000,
        scale="log",
    )
    dim: int = field(64, "Numbers in a vector.", ge=1, le=100_000, scale="log")


class _Recurrent(Spec):
    hidden_size: int = field(64, "Numbers kept from position to position, in each direction.", ge=1, le=100_000)
    num_layers: int = field(1, "Recurrent layers on top of each other.", ge=1, le=64)
    bidirectional: bool = field(True, "Read backwards as well; twice as many channels leave.")


class LSTM(_Recurrent):
    """Reads a sequence position by position with a long short-term memory (Hochreiter & Schmidhuber 1997)."""

    title: ClassVar[str] = "LSTM"
    kind: Literal["lstm"] = "lstm"


class GRU(_Recurrent):
    """Reads a sequence position by position with gated recurrent units (Cho et al. 2014)."""

    title: ClassVar[str] = "GRU"
    kind: Literal["gru"] = "gru"


class _Pool(Spec):
    kernel_size: int = field(2, _KERNEL, ge=1, le=1024)
    stride: int | None = field(None, "Step from one window to the next; empty: the kernel size.", ge=1)
    padding: int = field(0, "Border added at each side, at most half the kernel.", ge=0, le=512)


class MaxPool1d(_Pool):
    """The largest value of each window along a sequence."""

    title: ClassVar[str] = "MaxPool1d"
    kind: Literal["max_pool1d"] = "max_pool1d"


class MaxPool2d(_Pool):
    """The largest value of each window of an image."""

    title: ClassVar[str] = "MaxPool2d"
    kind: Literal["max_pool2d"] = "max_pool2d"


class AvgPool1d(_Pool):
    """The mean of each window along a sequence."""

    title: ClassVar[str] = "AvgPool1d"
    kind: Literal["avg_pool1d"] = "avg_pool1d"


class AvgPool2d(_Pool):
    """The mean of each window of an image."""

    title: ClassVar[str] = "AvgPool2d"
    kind: Literal["avg_pool2d"] = "avg_pool2d"


class _BatchNorm(Spec):
    momentum: float = field(0.1, "Share of the newest batch in the running statistics.", gt=0, le=1)
    eps: float = field(1e-5, "Added to the variance.", gt=0, le=1, scale="log", advanced=True)
    affine: bool = field(True, "Learn a scale and an offset per channel.")


class BatchNorm1d(_BatchNorm):
    """Normalise each feature over the batch (features, or channels × length)."""

    title: ClassVar[str] = "BatchNorm1d"
    kind: Literal["batch_norm1d"] = "batch_norm1d"


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of an image over the batch."""

    title: ClassVar[str] = "BatchNorm2d"
    kind: Literal["batch_norm2d"] = "batch_norm2d"


class LayerNorm(Spec):
    """Normalise each row over all its features."""

    title: ClassVar[str] = "LayerNorm"
    kind: Literal["layer_norm"] = "layer_norm"
    eps: float = field(1e-5, "Added to the variance.", gt=0, le=1, scale="log", advanced=True)


class GroupNorm(Spec):
    """Normalise groups of channels of each row."""

    title: ClassVar[str] = "GroupNorm"
    kind: Literal["group_norm"] = "group_norm"
    num_groups: int = field(8, "Number of groups; it must divide the channels.", ge=1)


class Dropout(Spec):
    """Set random features to zero while training."""

    title: ClassVar[str] = "Dropout"
    kind: Literal["dropout"] = "dropout"
    p: float = field(0.5, "Share of the features set to zero.", ge=0, lt=1)


class Dropout2d(Spec):
    """Set whole random channels to zero while training."""

    title: ClassVar[str] = "Dropout2d"
    kind: Literal["dropout2d"] = "dropout2d"
    p: float = field(0.2, "Share of the channels set to zero.", ge=0, lt=1)


class ReLU(Spec):
    """max(0, x)."""

    title: ClassVar[str] = "ReLU"
    kind: Literal["relu"] = "relu"


class LeakyReLU(Spec):
    """x, or a small multiple of x where it is negative."""

    title: ClassVar[str] = "LeakyReLU"
    kind: Literal["leaky_relu"] = "leaky_relu"
    negative_slope: float = field(0.01, "Slope where x is negative.", ge=0, le=1)


class ELU(Spec):
    """x, or exp(x) − 1 where it is negative (Clevert et al. 2016)."""

    title: ClassVar[str] = "ELU"
    kind: Literal["elu"] = "elu"


class GELU(Spec):
    """x times the normal distribution function of x (Hendrycks & Gimpel 2016)."""

    title: ClassVar[str] = "GELU"
    kind: Literal["gelu"] = "gelu"


class SiLU(Spec):
    """x times sigmoid(x), also called swish."""

    title: ClassVar[str] = "SiLU"
    kind: Literal["silu"] = "silu"


class Tanh(Spec):
    """Hyperbolic tangent, between −1 and 1."""

    title: ClassVar[str] = "Tanh"
    kind: Literal["tanh"] = "tanh"


class Sigmoid(Spec):
    """Logistic function, between 0 and 1."""

    title: ClassVar[str] = "Sigmoid"
    kind: Literal["sigmoid"] = "sigmoid"


class Softplus(Spec):
    """log(1 + exp(x)), a smooth ReLU."""

    title: ClassVar[str] = "Softplus"
    kind: Literal["softplus"] = "softplus"


class Flatten(Spec):
    """Lay channels and positions out as one row of features."""

    title: ClassVar[str] = "Flatten"
    kind: Literal["flatten"] = "flatten"


class GlobalAvgPool(Spec):
    """The mean of each channel over all positions."""

    title: ClassVar[str] = "Global average pool"
    kind: Literal["global_avg_pool"] = "global_avg_pool"


class GlobalMaxPool(Spec):
    """The largest value of each channel over all positions."""

    title: ClassVar[str] = "Global max pool"
    kind: Literal["global_max_pool"] = "global_max_pool"


class Pretrained(Spec):
    """A model of images or texts in a local folder of the transformers library, with the weights it was trained to.

    The folder holds ``config.json`` and weights as safetensors; weights as a pickle and code of its own are never read.
    Images arrive standardised by the data's own mean and deviation. A model of texts must be the first layer, and its
    folder must hold ``tokenizer.json`` and be named in ``dataset.text.tokenizer`` too.
    """

    title: ClassVar[str] = "Pretrained model"
    kind: Literal["pretrained"] = "pretrained"
    path: str = field(
        "",
        "The model's folder; a relative path starts at the spec file's folder.",
        title="Folder",
        widget="folder",
    )
    output: Literal["pooled", "mean", "positions"] = field(
        "pooled",
        "One row of features an image or text, as the model itself pools it or as their mean over all positions; or "
        "features at each position: channels × height × width of a convolutional model, channels × length of a "
        "transformer, whose class token comes first. Behind a text's end they are 0, and in no mean.",
    )
    image_size: int | None = field(
        None, "Images are scaled to this many pixels a side first; empty: as they come.", unit="pixels", ge=1, le=4096
    )


Layer = Annotated[
    Linear
    | Conv1d
    | Conv2d
    | Embedding
    | LSTM
    | GRU
    | MaxPool1d
    | MaxPool2d
    | AvgPool1d
    | AvgPool2d
    | BatchNorm1d
    | BatchNorm2d
    | LayerNorm
    | GroupNorm
    | Dropout
    | Dropout2d
    | ReLU
    | LeakyReLU
    | ELU
    | GELU
    | SiLU
    | Tanh
    | Sigmoid
    | Softplus
    | Flatten
    | GlobalAvgPool
    | GlobalMaxPool
    | Pretrained,
    Field(discriminator="kind"),
]

LAYER_GROUPS: dict[str, tuple[type[Spec], ...]] = {
    "Dense and convolution": (Linear, Conv1d, Conv2d),
    "Activation": (ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid, Softplus),
    "Pooling and shape": (
        MaxPool1d,
        MaxPool2d,
        AvgPool1d,
        AvgPool2d,
        GlobalAvgPool,
        GlobalMaxPool,
        Flatten,
    ),
    "Text and sequences": (Embedding, LSTM, GRU),
    "Normalisation": (BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm),
    "Dropout": (Dropout, Dropout2d),
    "Pretrained": (Pretrained,),
}
"""How the menu of layers is arranged; a test holds it to every member of :data:`Layer`."""

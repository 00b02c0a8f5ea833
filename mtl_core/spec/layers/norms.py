"""Normalization, dropout and noise: layers that behave differently in training."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class _BatchNorm(Spec):
    momentum: float = field(0.1, "Share of the newest batch in the running statistics.", gt=0, le=1)
    eps: float = field(1e-5, "Added to the variance.", gt=0, le=1, scale="log", advanced=True)
    affine: bool = field(True, "Learn a scale and an offset per channel.")


class BatchNorm1d(_BatchNorm):
    """Normalize each feature over the batch (features, or channels × length)."""

    title: ClassVar[str] = "BatchNorm1d"
    kind: Literal["batch_norm1d"] = "batch_norm1d"


class BatchNorm2d(_BatchNorm):
    """Normalize each channel of an image over the batch."""

    title: ClassVar[str] = "BatchNorm2d"
    kind: Literal["batch_norm2d"] = "batch_norm2d"


class LayerNorm(Spec):
    """Normalize each row over all its features."""

    title: ClassVar[str] = "LayerNorm"
    kind: Literal["layer_norm"] = "layer_norm"
    eps: float = field(1e-5, "Added to the variance.", gt=0, le=1, scale="log", advanced=True)


class GroupNorm(Spec):
    """Normalize groups of channels of each row."""

    title: ClassVar[str] = "GroupNorm"
    kind: Literal["group_norm"] = "group_norm"
    num_groups: int = field(8, "Number of groups; it must divide the channels.", ge=1)


class RMSNorm(Spec):
    """Divide the channels of each position by their root mean square, and learn a scale (Zhang & Sennrich 2019)."""

    title: ClassVar[str] = "RMSNorm"
    kind: Literal["rms_norm"] = "rms_norm"
    eps: float = field(1e-6, "Added to the mean square.", gt=0, le=1, scale="log", advanced=True)


class LayerScale(Spec):
    """Multiply each channel by a learned factor that begins small, as at the end of a residual block (Touvron 2021)."""

    title: ClassVar[str] = "LayerScale"
    kind: Literal["layer_scale"] = "layer_scale"
    initial: float = field(0.1, "The factor at the start.", gt=0, le=1, scale="log")


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


class GaussianNoise(Spec):
    """Add normal noise to the features while training; on standardized inputs it smooths the model (Bishop 1995)."""

    title: ClassVar[str] = "Gaussian noise"
    kind: Literal["gaussian_noise"] = "gaussian_noise"
    std: float = field(0.1, "Standard deviation of the noise.", ge=0, le=100)


class StochasticDepth(Spec):
    """Set whole rows to zero while training: as the last layer of a residual block it skips the block (Huang 2016)."""

    title: ClassVar[str] = "Stochastic depth"
    kind: Literal["stochastic_depth"] = "stochastic_depth"
    p: float = field(0.1, "Share of the rows set to zero; the others are scaled up.", ge=0, lt=1)

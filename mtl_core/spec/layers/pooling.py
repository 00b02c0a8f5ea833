"""Pooling, and flattening of positions into features."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field
from mtl_core.spec.layers.convolutions import KERNEL


class _Pool(Spec):
    kernel_size: int = field(2, KERNEL, ge=1, le=1024)
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


class AdaptiveAvgPool(Spec):
    """The mean of windows that are as long as they must be for a given number of positions, whatever arrives."""

    title: ClassVar[str] = "Adaptive average pool"
    kind: Literal["adaptive_avg_pool"] = "adaptive_avg_pool"
    output_size: int = field(4, "Number of positions that leave, in each direction.", ge=1, le=4096)


class SequencePool(Spec):
    """One row of features from all positions, where the padding behind a text's end does not count."""

    title: ClassVar[str] = "Sequence pool"
    kind: Literal["sequence_pool"] = "sequence_pool"
    pool: Literal["mean", "max", "attention"] = field(
        "mean", "The mean or the largest value of each channel, or a mean with learned weights."
    )


class SelectPosition(Spec):
    """The features at one position: the first, where a class token stands, or the last one of a text."""

    title: ClassVar[str] = "Select position"
    kind: Literal["select_position"] = "select_position"
    position: Literal["first", "last"] = field("first", "Which one; padding behind a text's end is no position.")

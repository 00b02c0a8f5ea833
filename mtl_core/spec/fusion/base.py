"""The base of all kinds of fusion."""

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mtl_core.spec.base import Spec, field


class BaseFusion(Spec):
    """A kind of fusion: all that is known of it without torch.

    The module is built by the Python module named after its kind in :mod:`mtl_core.architectures.fusion`.

    Attributes:
        reads_positions: Whether it reads each position of an input as a token; otherwise it reads their mean.
    """

    reads_positions: ClassVar[bool] = False

    if TYPE_CHECKING:
        kind: Any

    missing: Literal["stand_in", "mask"] = field(
        "stand_in",
        "Where a row lacks an input: a learned stand-in takes its place, or it is left out of the fusion.",
        title="Missing inputs",
        advanced=True,
    )
    modality_dropout: float = field(
        0.0,
        "Share of a row's inputs that are hidden while training, never all of a row, so that the model learns to do "
        "without any of them.",
        ge=0,
        lt=1,
        advanced=True,
    )


class EqualWidthFusion(BaseFusion):
    """Base class of kinds that need inputs of the same width."""

    width: int | None = field(
        None,
        "A linear layer of each input brings it to this width; empty: the inputs must have the same width.",
        ge=1,
        le=1_000_000,
        scale="log",
    )


def width_field() -> Any:
    """A field for the width of the fused row."""
    return field(128, "Number of features of the fused row.", ge=1, le=1_000_000, scale="log")


def token_width_field() -> Any:
    """A field for the width of tokens."""
    return field(
        64,
        "Number of features of a token; a linear layer of each input brings its tokens to it.",
        ge=1,
        le=100_000,
        scale="log",
    )


def heads_field() -> Any:
    """A field for the number of attention heads."""
    return field(4, "Attention heads, each with its share of the width.", title="Attention heads", ge=1, le=1024)

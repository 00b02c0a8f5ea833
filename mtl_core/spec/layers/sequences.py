"""Layers for texts and sequences."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


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
    dimensions: int = field(64, "Numbers in a vector.", ge=1, le=100_000, scale="log")


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

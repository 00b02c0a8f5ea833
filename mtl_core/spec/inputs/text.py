"""Inputs that are texts, and how a text becomes the numbers of its tokens."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.tasks import Column

PADDING, UNKNOWN = 0, 1
"""Token ids of padding, and of tokens that are not in the vocabulary."""


class TextSpec(Spec):
    """How a text becomes the numbers of its tokens; of data sets whose input is a text."""

    title: ClassVar[str] = "Text"
    tokens: Literal["words", "spaces"] = field(
        "words", "Words and marks of any script; or, of text that is tokenized already, what spaces separate."
    )
    lowercase: bool = field(True, "Take capital and small letters for the same.")
    max_length: int = field(64, "Longer texts are cut, shorter ones padded.", ge=1, le=4096, unit="tokens")
    vocabulary: int = field(
        10_000,
        "Size of the vocabulary: the most frequent tokens of the training rows; two are for padding and unknown ones.",
        ge=3,
        le=10_000_000,
        scale="log",
    )
    tokenizer: str = field(
        "",
        "The folder of the pretrained model that reads the text, whose tokenizer.json then cuts it into tokens, as "
        "they were when the model learned; the settings of words do not matter then. A relative path starts at the "
        "spec file's folder; empty: words.",
        widget="folder",
    )


class _TextColumn(BaseInput):
    """What comes first in the form of a text input."""

    kind: Literal["text"] = "text"
    column: Column = field(help="The column that holds the text.", widget="column")


class TextInput(TextSpec, _TextColumn):
    """A text, as the numbers of its tokens."""

    title: ClassVar[str] = "Text"

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

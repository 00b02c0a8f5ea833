"""The tokens of an encoded text, for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_core.errors import WorkbenchError
from mtl_core.spec.inputs.text import PADDING, UNKNOWN
from mtl_core.tabular.text.tokenizer import token_texts

UNKNOWN_TOKEN = "▢"


def token_names(ids: Sequence[float], preprocessing: Mapping[str, Any]) -> tuple[str, ...]:
    """The tokens at the positions of a text without padding; one that is not in the vocabulary as a box.

    Args:
        ids: What the model reads.
        preprocessing: That of the text input. Where its pretrained tokenizer is gone, tokens are numbers.
    """
    numbers = [int(number) for number in ids if number != PADDING]
    if "vocabulary" not in preprocessing:
        try:
            return token_texts(preprocessing["text"]["tokenizer"], [number - 1 for number in numbers])
        except WorkbenchError:
            return tuple(map(str, numbers))
    words, first = preprocessing["vocabulary"], UNKNOWN + 1
    return tuple(UNKNOWN_TOKEN if number == UNKNOWN else words[number - first] for number in numbers)

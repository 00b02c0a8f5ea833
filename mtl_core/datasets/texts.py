"""Texts to numbers of tokens: a vocabulary from the training rows alone, kept as plain data, applied to any rows."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.columns import Column
from mtl_core.spec.dataset import PADDING, UNKNOWN, TextSpec

Rows = NDArray[np.int64]
_SPECIAL = max(PADDING, UNKNOWN) + 1


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of N texts.

    Attributes:
        column: The column they were read from.
        words: The different tokens.
        codes: ``[N, L]`` indices into ``words``, -1 behind a text's end; a longer text is cut.
        lengths: ``[N]`` tokens of each text before it was cut.
    """

    column: str
    words: tuple[str, ...]
    codes: NDArray[np.int32]
    lengths: Rows

    @property
    def longest(self) -> int:
        """Positions of a row."""
        return int(self.codes.shape[1])


def split_text(text: str, how: TextSpec) -> list[str]:
    """The tokens of a text.

    Words are runs of letters, digits and their marks in any script, with apostrophes inside; every other character
    that is no space is a token of its own.
    """
    text = text.casefold() if how.lowercase else text
    return text.split() if how.tokens == "spaces" else _words().findall(text)


@cache
def _words() -> re.Pattern[str]:
    """Python's letters leave out combining marks, which are parts of words, in Hindi or Thai for one."""
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)).startswith("M"))
    word = rf"[\w{marks}]+"
    return re.compile(rf"{word}(?:['’]{word})*|[^\w\s{marks}]")


def read_tokens(column: Column, how: TextSpec) -> Tokens:
    """The tokens of a column of texts; a missing text has none."""
    places: dict[str, int] = {}
    texts = [[places.setdefault(word, len(places)) for word in split_text(text, how)] for text in column.texts]
    counts = np.array([*map(len, texts), 0], np.int64)
    table = np.full((len(texts) + 1, max(min(how.max_length, int(counts.max())), 1)), -1, np.int32)
    for row, text in zip(table, texts, strict=False):
        cut = text[: len(row)]
        row[: len(cut)] = cut
    return Tokens(column.name, tuple(places), table[column.text], counts[column.text])


def fit_text(tokens: Tokens, rows: Rows, how: TextSpec) -> tuple[dict[str, Any], list[str]]:
    """What new texts need to be treated alike, learned from the given rows alone, and what to know about it."""
    codes = tokens.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(tokens.words))
    seen = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    kept = seen[: how.vocabulary - _SPECIAL]
    notes = []
    if len(kept) < len(seen):
        notes.append(f"The texts have {len(seen):,} different tokens; the {len(kept):,} most frequent are told apart.")
    if cut := int((tokens.lengths > tokens.longest).sum()):
        notes.append(f"{cut:,} of {len(tokens.lengths):,} texts are longer than {tokens.longest} tokens and are cut.")
    vocabulary = [tokens.words[code] for code in kept]
    given = {**how.model_dump(mode="json", exclude={"vocabulary"}), "max_length": tokens.longest}
    return {"kind": "text", "column": tokens.column, "vocabulary": vocabulary, "text": given}, notes


def numbers_of(vocabulary: Sequence[str]) -> dict[str, int]:
    """The number of each token of a vocabulary."""
    return {word: number for number, word in enumerate(vocabulary, _SPECIAL)}


def apply_text(preprocessing: Mapping[str, Any], tokens: Tokens) -> NDArray[np.float32]:
    """``[N, L]`` numbers of tokens: 0 behind a text's end, 1 for the unknown, from 2 on the most frequent first."""
    numbers = numbers_of(preprocessing["vocabulary"])
    number_of = np.array([*(numbers.get(word, UNKNOWN) for word in tokens.words), PADDING], np.float32)
    matrix = np.full((len(tokens.codes), preprocessing["text"]["max_length"]), PADDING, np.float32)
    shared = min(matrix.shape[1], tokens.longest)
    matrix[:, :shared] = number_of[tokens.codes[:, :shared]]
    return matrix


def transform_text(preprocessing: Mapping[str, Any], column: Column) -> NDArray[np.float32]:
    """New texts as the model's input."""
    return apply_text(preprocessing, read_tokens(column, TextSpec.model_validate(preprocessing["text"])))

"""Texts to numbers of tokens: a vocabulary from the training rows alone, kept as plain data, applied to any rows.

Or the numbers of a pretrained model's own tokenizer, each one higher, so that 0 is padding here too.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import DataNote, InputError
from mtl_core.spec.dataset import PADDING, UNKNOWN, TextSpec
from mtl_core.tabular.column import Column
from mtl_core.tabular.text.tokenizer import cut_into_pieces, tokenizer_digest

Rows = NDArray[np.int64]
_SPECIAL = max(PADDING, UNKNOWN) + 1


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of N texts.

    Attributes:
        column: The column they were read from.
        words: The different tokens; none of a tokenizer's, which knows them.
        codes: ``[N, L]`` indices into ``words``, or the tokenizer's numbers; -1 behind a text's end; a longer text is
            cut.
        lengths: ``[N]`` tokens of each text before it was cut.
        pieces: Whether a tokenizer made them.
    """

    column: str
    words: tuple[str, ...]
    codes: NDArray[np.int32]
    lengths: Rows
    pieces: bool = False

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
    """The tokens of a column of texts; a missing text has none, and to a tokenizer it is an empty one.

    Raises:
        InputError: The tokenizer is at fault.
    """
    if how.tokenizer:
        numbers, found = cut_into_pieces((*column.texts, ""), how)
        return _tokens(column, None, numbers, found, max(map(len, numbers)))
    places: dict[str, int] = {}
    texts = [[places.setdefault(word, len(places)) for word in split_text(text, how)] for text in column.texts]
    counts = [*map(len, texts), 0]
    return _tokens(column, tuple(places), [*texts, []], counts, min(how.max_length, max(counts)))


def _tokens(
    column: Column, words: tuple[str, ...] | None, texts: Sequence[Sequence[int]], counts: Sequence[int], longest: int
) -> Tokens:
    """From the codes of a column's different texts, and last of a missing one, to those of its rows.

    Without words they are a tokenizer's.
    """
    table = np.full((len(texts), max(longest, 1)), -1, np.int32)
    for row, text in zip(table, texts, strict=True):
        cut = text[: len(row)]
        row[: len(cut)] = cut
    lengths = np.array(counts, np.int64)[column.text]
    return Tokens(column.name, words or (), table[column.text], lengths, words is None)


def fit_text(tokens: Tokens, rows: Rows, how: TextSpec) -> tuple[dict[str, Any], list[DataNote]]:
    """What new texts need to be treated alike, learned from the given rows alone, and what to know about it."""
    notes = []
    if cut := int((tokens.lengths > tokens.longest).sum()):
        what = f"{cut:,} of {len(tokens.lengths):,} texts are longer than {tokens.longest} tokens and are cut."
        fix = "Raise dataset.text.max_length to keep more of them."
        notes.append(DataNote(place="column", name=tokens.column, what=what, count=cut, fix=fix))
    about = {"kind": "text", "column": tokens.column}
    if how.tokenizer:
        given = {"tokenizer": how.tokenizer, "max_length": tokens.longest}
        return {**about, "tokenizer": tokenizer_digest(how.tokenizer), "text": given}, notes
    codes = tokens.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(tokens.words))
    seen = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    kept = seen[: how.vocabulary - _SPECIAL]
    if len(kept) < len(seen):
        what = f"The texts have {len(seen):,} different tokens; the {len(kept):,} most frequent are told apart."
        fix = "Raise dataset.text.vocabulary to tell more of them apart."
        notes.insert(0, DataNote(place="column", name=tokens.column, what=what, count=len(seen) - len(kept), fix=fix))
    vocabulary = [tokens.words[code] for code in kept]
    given = {**how.model_dump(mode="json", exclude={"vocabulary", "tokenizer"}), "max_length": tokens.longest}
    return {**about, "vocabulary": vocabulary, "text": given}, notes


def numbers_of(vocabulary: Sequence[str]) -> dict[str, int]:
    """The number of each token of a vocabulary."""
    return {word: number for number, word in enumerate(vocabulary, _SPECIAL)}


def apply_text(preprocessing: Mapping[str, Any], tokens: Tokens) -> NDArray[np.float32]:
    """``[N, L]`` numbers of tokens, 0 behind a text's end.

    Of words 1 is the unknown, and from 2 on the most frequent come first; those of a tokenizer are its own and 1 more.
    """
    matrix = np.full((len(tokens.codes), preprocessing["text"]["max_length"]), PADDING, np.float32)
    shared = min(matrix.shape[1], tokens.longest)
    codes = tokens.codes[:, :shared]
    if "tokenizer" in preprocessing:
        matrix[:, :shared] = codes + 1
        return matrix
    numbers = numbers_of(preprocessing["vocabulary"])
    number_of = np.array([*(numbers.get(word, UNKNOWN) for word in tokens.words), PADDING], np.float32)
    matrix[:, :shared] = number_of[codes]
    return matrix


def transform_text(preprocessing: Mapping[str, Any], column: Column) -> NDArray[np.float32]:
    """New texts as the model's input.

    Raises:
        InputError: The tokenizer is not there any more, or is another one.
    """
    how = TextSpec.model_validate(preprocessing["text"])
    tokens = read_tokens(column, how)
    if how.tokenizer and tokenizer_digest(how.tokenizer) != preprocessing["tokenizer"]:
        fix = "Put the one back that the model was trained with."
        raise InputError("dataset.text.tokenizer", "has changed since", found=how.tokenizer, fix=fix)
    return apply_text(preprocessing, tokens)

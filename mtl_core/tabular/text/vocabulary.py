"""Encode texts as token ids with a vocabulary that is fitted on the training rows and kept as plain data.

With the tokenizer of a pretrained model the ids are its own plus one, so that 0 is padding here too.
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
from mtl_core.spec.inputs.text import PADDING, UNKNOWN, TextSpec
from mtl_core.tabular.column import Column
from mtl_core.tabular.text.tokenizer import encode_texts, tokenizer_digest

Rows = NDArray[np.int64]
SHORT_FORM = "dataset.text"
"""The place in the spec of the settings of a text that is the only input."""
_FIRST_ID = max(PADDING, UNKNOWN) + 1
"""The id of the first token of a vocabulary."""


@dataclass(frozen=True, eq=False)
class Tokens:
    """The tokens of N texts.

    Attributes:
        column: The name of the column.
        words: The distinct tokens; empty where a pretrained tokenizer encoded the texts.
        codes: ``[N, L]`` indices into ``words``, or ids of the pretrained tokenizer; -1 behind the end of a text.
            Longer texts are truncated.
        lengths: ``[N]`` numbers of tokens before truncation.
        pretrained: Whether a pretrained tokenizer encoded the texts.
    """

    column: str
    words: tuple[str, ...]
    codes: NDArray[np.int32]
    lengths: Rows
    pretrained: bool = False

    @property
    def max_length(self) -> int:
        """Positions of a row, L."""
        return int(self.codes.shape[1])


def split_text(text: str, spec: TextSpec) -> list[str]:
    """Split a text into tokens.

    Words are runs of letters, digits and their marks in any script, with apostrophes inside; every other character
    that is no space is a token of its own.
    """
    text = text.casefold() if spec.lowercase else text
    return text.split() if spec.tokens == "spaces" else _word_pattern().findall(text)


@cache
def _word_pattern() -> re.Pattern[str]:
    """The pattern of a token; Python's letters lack combining marks, which are parts of words in Hindi or Thai."""
    marks = "".join(chr(code) for code in range(0x10000) if unicodedata.category(chr(code)).startswith("M"))
    word = rf"[\w{marks}]+"
    return re.compile(rf"{word}(?:['’]{word})*|[^\w\s{marks}]")


def read_tokens(column: Column, spec: TextSpec, where: str = SHORT_FORM) -> Tokens:
    """Split the texts of a column into tokens; a missing text has none, and is empty to a pretrained tokenizer.

    Args:
        column: The texts.
        spec: How they are read.
        where: The place of these settings in the spec.

    Raises:
        InputError: The tokenizer cannot be read.
    """
    if spec.tokenizer:
        ids, counts = encode_texts((*column.texts, ""), spec, where)
        return _tokens(column, None, ids, counts, max(map(len, ids)))
    codes: dict[str, int] = {}
    texts = [[codes.setdefault(word, len(codes)) for word in split_text(text, spec)] for text in column.texts]
    counts = [*map(len, texts), 0]
    return _tokens(column, tuple(codes), [*texts, []], counts, min(spec.max_length, max(counts)))


def _tokens(
    column: Column,
    words: tuple[str, ...] | None,
    texts: Sequence[Sequence[int]],
    counts: Sequence[int],
    max_length: int,
) -> Tokens:
    """The tokens of each row, from those of the distinct texts.

    Args:
        column: The texts.
        words: The distinct tokens; None with a pretrained tokenizer.
        texts: The codes of each distinct text, and last of a missing one.
        counts: How many each has before truncation.
        max_length: Positions of a row.
    """
    table = np.full((len(texts), max(max_length, 1)), -1, np.int32)
    for row, text in zip(table, texts, strict=True):
        truncated = text[: len(row)]
        row[: len(truncated)] = truncated
    lengths = np.array(counts, np.int64)[column.text]
    return Tokens(column.name, words or (), table[column.text], lengths, pretrained=words is None)


def fit_text(
    tokens: Tokens, rows: Rows, spec: TextSpec, where: str = SHORT_FORM
) -> tuple[dict[str, Any], list[DataNote]]:
    """Fit the preprocessing of texts on the training rows.

    Args:
        tokens: The tokens of all rows.
        rows: The training rows.
        spec: How texts are read.
        where: The place of these settings in the spec.

    Returns:
        What :func:`apply_text` needs, as plain data, and notes.
    """
    notes = []
    if truncated := int((tokens.lengths > tokens.max_length).sum()):
        what = f"{truncated:,} of {len(tokens.lengths):,} texts are longer than {tokens.max_length} tokens and are cut."
        fix = f"Raise {where}.max_length to keep more of them."
        notes.append(DataNote(place="column", name=tokens.column, what=what, count=truncated, fix=fix))
    common = {"kind": "text", "column": tokens.column}
    if spec.tokenizer:
        settings = {"tokenizer": spec.tokenizer, "max_length": tokens.max_length}
        return {**common, "tokenizer": tokenizer_digest(spec.tokenizer), "text": settings}, notes
    codes = tokens.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(tokens.words))
    by_frequency = [int(code) for code in np.argsort(-counts, kind="stable") if counts[code] > 0]
    frequent = by_frequency[: spec.vocabulary - _FIRST_ID]
    if rare := len(by_frequency) - len(frequent):
        all_tokens = f"The texts have {len(by_frequency):,} different tokens"
        what = f"{all_tokens}; the {len(frequent):,} most frequent are told apart."
        fix = f"Raise {where}.vocabulary to tell more of them apart."
        notes.insert(0, DataNote(place="column", name=tokens.column, what=what, count=rare, fix=fix))
    vocabulary = [tokens.words[code] for code in frequent]
    kept = set(TextSpec.model_fields) - {"vocabulary", "tokenizer"}
    settings = {**spec.model_dump(mode="json", include=kept), "max_length": tokens.max_length}
    return {**common, "vocabulary": vocabulary, "text": settings}, notes


def token_ids(vocabulary: Sequence[str]) -> dict[str, int]:
    """The id of each token of a vocabulary."""
    return {word: token_id for token_id, word in enumerate(vocabulary, _FIRST_ID)}


def apply_text(preprocessing: Mapping[str, Any], tokens: Tokens) -> NDArray[np.float32]:
    """Encode tokens as ids ``[N, L]``, 0 behind the end of a text.

    Of a vocabulary 1 is the unknown token, and from 2 on the most frequent come first; the ids of a pretrained
    tokenizer are its own plus 1.
    """
    matrix = np.full((len(tokens.codes), preprocessing["text"]["max_length"]), PADDING, np.float32)
    shared = min(matrix.shape[1], tokens.max_length)
    codes = tokens.codes[:, :shared]
    if "tokenizer" in preprocessing:
        matrix[:, :shared] = codes + 1
        return matrix
    ids = token_ids(preprocessing["vocabulary"])
    id_of_code = np.array([*(ids.get(word, UNKNOWN) for word in tokens.words), PADDING], np.float32)
    matrix[:, :shared] = id_of_code[codes]
    return matrix


def transform_text(preprocessing: Mapping[str, Any], column: Column) -> NDArray[np.float32]:
    """Encode new texts as the model's input.

    Raises:
        InputError: The tokenizer is gone, or is another one.
    """
    spec = TextSpec.model_validate(preprocessing["text"])
    tokens = read_tokens(column, spec)
    if spec.tokenizer and tokenizer_digest(spec.tokenizer) != preprocessing["tokenizer"]:
        fix = "Put the one back that the model was trained with."
        raise InputError("dataset.text.tokenizer", "has changed since", found=spec.tokenizer, fix=fix)
    return apply_text(preprocessing, tokens)

"""Read columns of tags: one tag for each token of a text, separated by spaces."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import InputError
from mtl_core.spec.tasks import MAX_CLASSES
from mtl_core.tabular.column import Column
from mtl_core.tabular.text.vocabulary import Tokens

NO_TAG = -1
"""Stands behind the end of a text."""
_LENGTH_FIX = "Separate tags by spaces; if the text is tokenised already, set dataset.text.tokens to spaces."


def read_tags(
    column: Column, tokens: Tokens | None, where: str
) -> tuple[NDArray[np.bool_], NDArray[np.int16], tuple[str, ...]]:
    """Read the tags of each token.

    Args:
        column: The tags as text.
        tokens: The tokens of the input; None where it is no text.
        where: The target's place in the spec.

    Returns:
        ``[N]``, true where a row has tags; ``[N, L]`` indices of the tags, -1 where there is no token; the tags.

    Raises:
        InputError: The input is no text, or a row has more or fewer tags than tokens.
    """
    if tokens is None:
        fix = "Read the column of the text as text, and make it the only input."
        raise InputError(where, "a tagging task needs a text as the input, whose tokens it tags", fix=fix)
    if tokens.pretrained:
        rule = "tags belong to words, which the tokenizer of a pretrained model cuts into pieces"
        raise InputError(where, rule, fix="Leave dataset.text.tokenizer empty to tag, or take another target.")
    if column.type == "numeric":
        fix = "Read the column as text, or take another target."
        raise InputError(where, "tags are text; this column is numeric", found=repr(column.name), fix=fix)
    tags_of_text = [text.split() for text in column.texts]
    names = tuple(sorted({tag for tags in tags_of_text for tag in tags}))
    if tags_of_text and not 2 <= len(names) <= MAX_CLASSES:
        rule = f"a tagging task needs 2 to {MAX_CLASSES} tags"
        raise InputError(where, rule, found=f"{len(names)} in column {column.name!r}", fix="Take another target.")
    counts = np.array([*map(len, tags_of_text), 0])[column.text]
    has_tags: NDArray[np.bool_] = column.present & (tokens.lengths > 0)
    _check_lengths(has_tags, counts, tokens, where)
    codes = {name: code for code, name in enumerate(names)}
    table = np.full((len(tags_of_text) + 1, tokens.max_length), NO_TAG, np.int16)
    for row, tags in zip(table, tags_of_text, strict=False):
        truncated = tags[: len(row)]
        row[: len(truncated)] = [codes[tag] for tag in truncated]
    tag_codes = table[column.text]
    tag_codes[~has_tags] = NO_TAG
    return has_tags, tag_codes, names


def _check_lengths(has_tags: NDArray[np.bool_], counts: NDArray[np.int64], tokens: Tokens, where: str) -> None:
    """Refuse rows that have more or fewer tags than tokens."""
    wrong = has_tags & (counts != tokens.lengths)
    if wrong.any():
        row = int(np.argmax(wrong))
        words = (
            f"{count} {word}{'' if count == 1 else 's'}"
            for count, word in ((counts[row], "tag"), (tokens.lengths[row], "token"))
        )
        found = f"{' for '.join(words)} in row {row + 1}"
        raise InputError(where, f"needs a tag for each token of {tokens.column!r}", found=found, fix=_LENGTH_FIX)

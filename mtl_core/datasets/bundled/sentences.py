"""Made-up sentences from a small grammar: each word's part of speech, and what the sentence is about."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

COUNT = 1500
TAGS = ("ADJ", "ADV", "DET", "NOUN", "PREP", "PRON", "PUNCT", "VERB")
NOUNS = {
    "animals": ("dog", "cat", "horse", "bird", "fish", "duck", "fly", "bear"),
    "food": ("soup", "bread", "cake", "apple", "cook", "butter", "taste", "dish"),
    "travel": ("ship", "train", "road", "map", "walk", "visit", "drive", "ticket"),
}
VERBS = {
    "animals": ("feed", "chase", "fish", "duck", "fly", "bear"),
    "food": ("bake", "eat", "cook", "butter", "taste", "dish"),
    "travel": ("ship", "train", "walk", "visit", "drive", "leave"),
}
_ANY_NOUN, _ANY_VERB = ("house", "friend", "day", "watch", "child"), ("see", "like", "watch", "find", "know")
_OTHERS = {
    "DET": ("the", "a", "every", "some"),
    "ADJ": ("old", "small", "red", "quick", "quiet"),
    "PRON": ("we", "they", "you", "I"),
    "PREP": ("near", "with", "behind", "without"),
    "ADV": ("often", "slowly", "never", "again"),
    "PUNCT": (".", "!", "?"),
}
_ABOUT = 0.7
"""Share of nouns and verbs that say what a sentence is about."""

Word = tuple[str, str]


def sentences(rows: int = COUNT, seed: int = 0) -> pd.DataFrame:
    """Columns ``text``, ``tags``, a part of speech per token separated by spaces, and ``topic``.

    Words such as *fish* or *walk* are nouns or verbs, by what stands before them; and at least one word of a sentence
    belongs to its topic.
    """
    rng = np.random.default_rng(seed)
    topics = rng.permutation(np.arange(rows) % len(NOUNS))
    made = [_sentence(rng, tuple(NOUNS)[topic]) for topic in topics]
    return pd.DataFrame(
        {
            "text": [_written([word for word, _ in words]) for words in made],
            "tags": [" ".join(tag for _, tag in words) for words in made],
            "topic": [tuple(NOUNS)[topic] for topic in topics],
        }
    )


def _sentence(rng: np.random.Generator, topic: str) -> list[Word]:
    own = {*NOUNS[topic], *VERBS[topic]}
    while True:
        words = [*_subject(rng, topic), *_maybe(rng, "ADV", 0.2), _verb(rng, topic), *_thing(rng, topic)]
        if rng.random() < 0.4:
            words += [_of(rng, "PREP"), *_thing(rng, topic)]
        words += [*_maybe(rng, "ADV", 0.2), _of(rng, "PUNCT")]
        if any(word in own for word, _ in words):
            return words


def _subject(rng: np.random.Generator, topic: str) -> list[Word]:
    return [_of(rng, "PRON")] if rng.random() < 0.5 else _thing(rng, topic)


def _thing(rng: np.random.Generator, topic: str) -> list[Word]:
    about = rng.random() < _ABOUT
    return [_of(rng, "DET"), *_maybe(rng, "ADJ", 0.4), (_any(rng, NOUNS[topic] if about else _ANY_NOUN), "NOUN")]


def _verb(rng: np.random.Generator, topic: str) -> Word:
    return _any(rng, VERBS[topic] if rng.random() < _ABOUT else _ANY_VERB), "VERB"


def _of(rng: np.random.Generator, tag: str) -> Word:
    return _any(rng, _OTHERS[tag]), tag


def _maybe(rng: np.random.Generator, tag: str, share: float) -> list[Word]:
    return [_of(rng, tag)] if rng.random() < share else []


def _any(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _written(words: Sequence[str]) -> str:
    *before, mark = words
    text = " ".join(before) + mark
    return text[0].upper() + text[1:]

"""Made-up sentences from a small grammar: each word's part of speech, and what the sentence is about."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener

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
_TOPIC_SHARE = 0.7
"""Probability that a noun or a verb is one of the sentence's topic."""

Word = tuple[str, str]
"""A word and its part of speech."""


def sentences(rows: int = COUNT, seed: int = 0) -> pd.DataFrame:
    """Columns ``text``, ``tags``, a part of speech per token separated by spaces, and ``topic``.

    Words such as *fish* or *walk* are nouns or verbs, by what stands before them; and at least one word of a sentence
    belongs to its topic.
    """
    rng = np.random.default_rng(seed)
    topics = rng.permutation(np.arange(rows) % len(NOUNS))
    tagged_sentences = [_sentence(rng, tuple(NOUNS)[topic]) for topic in topics]
    return pd.DataFrame(
        {
            "text": [_sentence_text([word for word, _ in words]) for words in tagged_sentences],
            "tags": [" ".join(tag for _, tag in words) for words in tagged_sentences],
            "topic": [tuple(NOUNS)[topic] for topic in topics],
        }
    )


def _sentence(rng: np.random.Generator, topic: str) -> list[Word]:
    topic_words = {*NOUNS[topic], *VERBS[topic]}
    while True:
        words = [*_subject(rng, topic), *_optional_word(rng, "ADV", 0.2), _verb(rng, topic), *_noun_phrase(rng, topic)]
        if rng.random() < 0.4:
            words += [_word(rng, "PREP"), *_noun_phrase(rng, topic)]
        words += [*_optional_word(rng, "ADV", 0.2), _word(rng, "PUNCT")]
        if any(word in topic_words for word, _ in words):
            return words


def _subject(rng: np.random.Generator, topic: str) -> list[Word]:
    return [_word(rng, "PRON")] if rng.random() < 0.5 else _noun_phrase(rng, topic)


def _noun_phrase(rng: np.random.Generator, topic: str) -> list[Word]:
    nouns = NOUNS[topic] if rng.random() < _TOPIC_SHARE else _ANY_NOUN
    return [_word(rng, "DET"), *_optional_word(rng, "ADJ", 0.4), (_choose(rng, nouns), "NOUN")]


def _verb(rng: np.random.Generator, topic: str) -> Word:
    return _choose(rng, VERBS[topic] if rng.random() < _TOPIC_SHARE else _ANY_VERB), "VERB"


def _word(rng: np.random.Generator, tag: str) -> Word:
    return _choose(rng, _OTHERS[tag]), tag


def _optional_word(rng: np.random.Generator, tag: str, share: float) -> list[Word]:
    return [_word(rng, tag)] if rng.random() < share else []


def _choose(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _sentence_text(words: Sequence[str]) -> str:
    *words_before, mark = words
    text = " ".join(words_before) + mark
    return text[0].upper() + text[1:]


OPENER = table_opener(sentences, {"text": "text", "tags": "text"})

"""Made-up reviews: what is reviewed, which words name a person, a place or a day, and how content the writer is."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener

COUNT = 1500
OUTSIDE = "O"
SUBJECTS = {
    "hotel": ("bed", "room", "lobby", "pool"),
    "restaurant": ("soup", "menu", "dessert", "table"),
    "shop": ("jacket", "shelf", "till", "discount"),
}
GOOD = ("great", "lovely", "clean", "excellent")
BAD = ("awful", "dirty", "broken", "terrible")
NEUTRAL = ("usual", "average", "ordinary", "plain")
SENTIMENTS = ("negative", "neutral", "positive")
_NAMES = ("Paris", "Victoria", "Sydney", "Florence", "Jordan", "Chelsea")
"""Each may be a person or a place: what stands before says which."""
_LAST_NAMES = ("Miller", "Kim", "Silva", "Novak")
_PLACE_ENDS = ("Street", "Square", "Station")
_DAYS = ("Monday", "Tuesday", "Friday", "Sunday")
_NEGATED_SHARE = 0.3

Word = tuple[str, str]
"""A word and its entity tag."""


def reviews(rows: int = COUNT, seed: int = 0) -> pd.DataFrame:
    """Columns ``text``, ``entities``, a tag per token separated by spaces, ``subject`` and ``sentiment``.

    Tags are ``B-`` for the first word of a name, ``I-`` for a further one, ``O`` for all else. What is *not great* is
    negative, and what is *not awful* positive.
    """
    rng = np.random.default_rng(seed)
    subjects, sentiments = (rng.permutation(np.arange(rows) % 3) for _ in range(2))
    tagged: dict[str, list[Word]] = {}
    for subject, sentiment in zip(subjects, sentiments, strict=True):
        text, words = _new_review(rng, tuple(SUBJECTS)[subject], SENTIMENTS[sentiment], tagged)
        tagged[text] = words
    return pd.DataFrame(
        {
            "text": list(tagged),
            "entities": [" ".join(tag for _, tag in words) for words in tagged.values()],
            "subject": [tuple(SUBJECTS)[subject] for subject in subjects],
            "sentiment": [SENTIMENTS[sentiment] for sentiment in sentiments],
        }
    )


def _new_review(
    rng: np.random.Generator, subject: str, sentiment: str, others: Collection[str]
) -> tuple[str, list[Word]]:
    """The text of a review that is none of the others, and its words."""
    while True:
        words = _review(rng, subject, sentiment)
        text = _text([word for word, _ in words])
        if text not in others:
            return text, words


def _review(rng: np.random.Generator, subject: str, sentiment: str) -> list[Word]:
    words = _plain("The", _choose(rng, SUBJECTS[subject]))
    if rng.random() < 0.6:
        words += [*_plain("in"), *_place(rng)]
    words += _plain("was", *_opinion(rng, sentiment))
    if rng.random() < 0.6:
        words += [*_plain("and"), *_person(rng), *_plain(_choose(rng, ("helped", "smiled", "waved")))]
    if rng.random() < 0.4:
        words += [*_plain("on"), (_choose(rng, _DAYS), "B-DAY")]
    return [*words, *_plain(_choose(rng, (".", "!")))]


def _opinion(rng: np.random.Generator, sentiment: str) -> tuple[str, ...]:
    if sentiment == "neutral":
        return (_choose(rng, NEUTRAL),)
    negated = rng.random() < _NEGATED_SHARE
    words = _choose(rng, GOOD if (sentiment == "positive") != negated else BAD)
    return ("not", words) if negated else (words,)


def _place(rng: np.random.Generator) -> list[Word]:
    name = [(_choose(rng, _NAMES), "B-PLACE")]
    return [*name, (_choose(rng, _PLACE_ENDS), "I-PLACE")] if rng.random() < 0.4 else name


def _person(rng: np.random.Generator) -> list[Word]:
    name = [(_choose(rng, _NAMES), "B-PERSON")]
    return [*name, (_choose(rng, _LAST_NAMES), "I-PERSON")] if rng.random() < 0.4 else name


def _plain(*words: str) -> list[Word]:
    return [(word, OUTSIDE) for word in words]


def _choose(rng: np.random.Generator, words: Sequence[str]) -> str:
    return words[int(rng.integers(len(words)))]


def _text(words: Sequence[str]) -> str:
    *words_before, mark = words
    return " ".join(words_before) + mark


OPENER = table_opener(reviews, {"text": "text", "entities": "text"})

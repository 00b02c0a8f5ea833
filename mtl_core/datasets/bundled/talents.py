"""Made-up offers of a marketplace for talents: a title and a description in Korean or English, a picture, behavior.

What is to be predicted follows from several inputs together: the category from the title and the picture, the price
from the description, the behavior and the picture, the satisfaction from all of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mtl_core.datasets.bundled.shapes import NAMES, pixels_inside
from mtl_core.datasets.bundled_opener import BundledOpener, bundled_source, digest_of, frame_digest
from mtl_core.datasets.source import Source
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit
from mtl_core.tabular.table_columns import read_columns

COUNT = 1200
SIDE = 24
CATEGORIES = (("design", "music"), ("coaching", "writing"))
"""By the thing that the title names, and by whether the picture has a warm or a cold color."""
REGIONS = {"Seoul": 12.0, "Busan": 2.0, "Daegu": -4.0, "online": -10.0}
"""What a region adds to the price."""
_LEVEL_PRICE, _OUTLINE_PRICE, _VIEWS_PRICE = 14.0, -12.0, 8.0
_SATISFACTION_EDGES = (-1.1, 0.0, 1.1)


@dataclass(frozen=True)
class _Language:
    """The words of offers in a language; of things and promises there are two kinds."""

    adjectives: tuple[str, ...]
    things: tuple[tuple[str, ...], tuple[str, ...]]
    readers: tuple[str, ...]
    levels: tuple[str, str, str]
    promises: tuple[tuple[str, ...], tuple[str, ...]]
    title: str
    description: str


_LANGUAGES = (
    _Language(
        adjectives=("Quick", "Careful", "Friendly", "New", "Personal"),
        things=(("draft", "piece", "sample", "work"), ("course", "guide", "text", "workbook")),
        readers=("for beginners", "for a shop", "for a team", "for you"),
        levels=("Basic", "Standard", "Premium"),
        promises=(("answers may take a week", "no changes later"), ("answers within a day", "two changes included")),
        title="{adjective} {thing} {reader}",
        description="{level} package, {promise}.",
    ),
    _Language(
        adjectives=("빠른", "꼼꼼한", "친절한", "새로운", "맞춤"),
        things=(("시안", "작품", "견본", "작업물"), ("수업", "안내서", "글", "교재")),
        readers=("초보를 위한", "가게를 위한", "팀을 위한", "당신을 위한"),
        levels=("기본", "표준", "고급"),
        promises=(("답장은 일주일 뒤", "수정 없음"), ("하루 안에 답장", "수정 두 번 포함")),
        title="{reader} {adjective} {thing}",
        description="{level} 상품, {promise}.",
    ),
)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Talents:
    """N offers: their columns, and pictures ``[N, 24, 24, 3]`` of 0…255."""

    frame: pd.DataFrame
    pictures: NDArray[np.uint8]


def generate_talents(rows: int = COUNT, seed: int = 0) -> Talents:
    """Generate offers; equal seeds give equal offers."""
    rng = np.random.default_rng(seed)
    thing, cold, outline, bright, promise = rng.integers(0, 2, (5, rows))
    level, region = rng.integers(0, 3, rows), rng.integers(0, len(REGIONS), rows)
    views = np.rint(np.exp(rng.normal(6, 1, rows)))
    rating = np.round(rng.uniform(2.5, 5, rows), 1)
    price = 60 + _LEVEL_PRICE * (level - 1) + np.array(tuple(REGIONS.values()))[region] + _OUTLINE_PRICE * outline
    price += _VIEWS_PRICE * (np.log(views) - 6) + rng.normal(0, 2, rows)
    mood = 2 * (rating - 3.75) + 1.2 * (promise - 0.5) * 2 + (bright - 0.5) * 2 + rng.normal(0, 0.3, rows)
    texts = [_texts(rng, *row) for row in zip(thing, level, promise, strict=True)]
    frame = pd.DataFrame(
        {
            "title": [title for title, _ in texts],
            "description": [description for _, description in texts],
            "views": views.astype(np.int64),
            "rating": rating,
            "region": np.array(tuple(REGIONS))[region],
            "category": [CATEGORIES[i][j] for i, j in zip(thing, cold, strict=True)],
            "price": np.round(np.maximum(price, 5), 1),
            "satisfaction": 1 + np.digitize(mood, _SATISFACTION_EDGES),
        }
    )
    return Talents(frame, _pictures(rng, cold == 1, outline == 1, bright == 1))


def _texts(rng: np.random.Generator, thing: int, level: int, promise: int) -> tuple[str, str]:
    """A title and a description in one of the languages."""
    language = _LANGUAGES[int(rng.integers(len(_LANGUAGES)))]
    title = language.title.format(
        adjective=_choose(rng, language.adjectives),
        thing=_choose(rng, language.things[thing]),
        reader=_choose(rng, language.readers),
    )
    promise_text = _choose(rng, language.promises[promise])
    return title, language.description.format(level=language.levels[level], promise=promise_text)


def _choose(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def _pictures(rng: np.random.Generator, cold: Flags, outline: Flags, bright: Flags) -> NDArray[np.uint8]:
    """A shape, filled or in outline, in a warm or a cold color on a bright or a dark ground."""
    rows = len(cold)
    size = rng.uniform(14, 20, (rows, 1, 1))
    center = rng.uniform(size / 2, SIDE - size / 2, (rows, 2, 1)) if rows else np.zeros((0, 2, 1))
    inside = pixels_inside(rng.integers(0, len(NAMES), rows), size, center, SIDE)
    eroded = inside.copy()
    for axis in (1, 2):
        for step in (-2, 2):
            eroded &= np.roll(inside, step, axis)
    inside &= ~(eroded & outline[:, None, None])
    ground = np.where(bright, rng.uniform(190, 240, rows), rng.uniform(10, 60, rows))[:, None]
    strong, weak = rng.uniform(190, 255, rows), rng.uniform(0, 60, rows)
    color = np.stack([np.where(cold, weak, strong), rng.uniform(60, 180, rows), np.where(cold, strong, weak)], axis=1)
    pixels = np.where(inside[..., None], color[:, None, None], ground[:, None, None])
    pixels += rng.normal(0, 8, pixels.shape)
    rounded: NDArray[np.uint8] = np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)
    return rounded


def _open(entry: BundledSet, _: GeneratedRowsSplit) -> Source:
    talents = generate_talents()
    columns = read_columns(talents.frame, {"title": "text", "description": "text"})
    digest = frame_digest(talents.frame) + digest_of([talents.pictures])
    return bundled_source(entry, columns, digest, pictures={"picture": talents.pictures})


OPENER = BundledOpener(_open)

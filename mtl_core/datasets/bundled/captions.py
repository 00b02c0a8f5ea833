"""Made-up pictures of two shapes, one on each side, and a caption that means one of them.

The caption says its color, its shape or its side, and the picture the rest.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled.shapes import NAMES, Floats, boxes_around, pixels_inside
from mtl_core.datasets.bundled_opener import (
    BundledOpener,
    bundled_source,
    class_column,
    digest_of,
    number_column,
    text_column,
)
from mtl_core.datasets.source import Source
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit

COUNT = 1500
SIDE = 24
COLORS = {"blue": (40, 70, 230), "green": (30, 200, 60), "red": (230, 40, 40)}
SHAPES = ("cross", "square", "triangle")
SIDES = ("left", "right")
_CODES = np.array([NAMES.index(name) for name in SHAPES], np.int64)
_PHRASES = ("the {} one", "find the {} shape", "where is the {} one?")
_PROPERTY_SHARES = (0.3, 0.3, 0.4)
"""How often a caption says the color, the shape and the side."""
_SMALLEST, _LARGEST = 9.0, 11.0
_GROUND, _NOISE = 20.0, 8.0


@dataclass(frozen=True, eq=False)
class Captions:
    """N pictures of two shapes, and what is said of one of them.

    Attributes:
        pictures: ``[N, 24, 24, 3]`` of 0…255.
        captions: A caption for each.
        shapes: ``[N]`` indices into :data:`SHAPES`, of the shape that is meant.
        colors: ``[N]`` indices into the names of colors.
        boxes: ``[N, 4]``: center x, center y, width and height as shares of the picture.
    """

    pictures: NDArray[np.uint8]
    captions: list[str]
    shapes: NDArray[np.int64]
    colors: NDArray[np.int64]
    boxes: Floats


def generate_captions(rows: int = COUNT, seed: int = 0) -> Captions:
    """Generate pictures and captions; equal seeds give equal ones. Two shapes differ in color, class and side."""
    rng = np.random.default_rng(seed)
    shapes, colors = (_two_of_three(rng, rows) for _ in range(2))
    meant, property_ = rng.integers(0, 2, rows), rng.choice(3, rows, p=_PROPERTY_SHARES)
    pictures = np.full((rows, SIDE, SIDE, 3), _GROUND)
    inside = np.zeros((2, rows, SIDE, SIDE), np.bool_)
    for side in range(2):
        inside[side] = _pixels(rng, shapes[:, side], side)
        paint = np.array(tuple(COLORS.values()), np.float64)[colors[:, side]]
        pictures = np.where(inside[side][..., None], paint[:, None, None], pictures)
    pictures += rng.normal(0, _NOISE, pictures.shape)
    row = np.arange(rows)
    shape, color = shapes[row, meant], colors[row, meant]
    said = zip(property_, color, shape, meant, strict=True)
    return Captions(
        np.rint(np.clip(pictures, 0, 255)).astype(np.uint8),
        [_caption(rng, (tuple(COLORS)[c], SHAPES[s], SIDES[m])[p]) for p, c, s, m in said],
        shape,
        color,
        boxes_around(inside[meant, row]),
    )


def _two_of_three(rng: np.random.Generator, rows: int) -> NDArray[np.int64]:
    """``[rows, 2]`` different numbers below 3."""
    first, step = rng.integers(0, 3, rows), rng.integers(1, 3, rows)
    return np.stack([first, (first + step) % 3], axis=1)


def _pixels(rng: np.random.Generator, shapes: NDArray[np.int64], side: int) -> NDArray[np.bool_]:
    """The pixels of a shape in the left or the right half."""
    rows = len(shapes)
    size = rng.uniform(_SMALLEST, _LARGEST, (rows, 1, 1))
    low = np.concatenate([size / 2 + side * SIDE / 2, size / 2], axis=1)
    high = np.concatenate([SIDE / 2 * (side + 1) - size / 2, SIDE - size / 2], axis=1)
    return pixels_inside(_CODES[shapes], size, rng.uniform(low, high), SIDE)


def _caption(rng: np.random.Generator, word: str) -> str:
    return _PHRASES[int(rng.integers(len(_PHRASES)))].format(word)


def _open(entry: BundledSet, _: GeneratedRowsSplit) -> Source:
    captions = generate_captions()
    columns = {
        "caption": text_column("caption", captions.captions),
        "shape": class_column("shape", captions.shapes, SHAPES),
        "color": class_column("color", captions.colors, tuple(COLORS)),
    }
    for name, numbers in zip(("x", "y", "width", "height"), captions.boxes.T, strict=True):
        columns[name] = number_column(name, numbers)
    words = np.frombuffer("\n".join(captions.captions).encode(), np.uint8)
    digest = digest_of((captions.pictures, words, captions.shapes, captions.colors, captions.boxes))
    return bundled_source(entry, columns, digest, pictures={"picture": captions.pictures})


OPENER = BundledOpener(_open)

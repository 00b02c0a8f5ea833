"""Two overlapping handwritten digits on one canvas, after MultiMNIST (Sabour et al. 2017).

They are made from scikit-learn's bundled 8×8 digits. Each is enlarged to 9×9 and placed with a small random shift, one
on the left and one on the right, so that they overlap by two to four columns; where they do, the brighter pixel shows.
Source digits are divided among train, val and test first, so that no handwriting of one split is seen in another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled_opener import BundledOpener, bundled_source, class_column, digest_of
from mtl_core.datasets.source import Source
from mtl_core.datasets.splits.shares import assign_splits, split_sizes
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit

PAIRS = 14_000
CANVAS = 16
DIGIT = 9
SHIFT = 1  # columns to the right; rows are free


@dataclass(frozen=True, eq=False)
class Pairs:
    """Images ``[N, 16, 16]`` of 0…255, the digits on them ``[N]``, their split ``[N]``, their sources ``[N, 2]``."""

    images: NDArray[np.uint8]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    split: NDArray[np.int8]
    sources: NDArray[np.int64]


def generate_pairs(split: GeneratedRowsSplit) -> Pairs:
    """Generate all pairs; equal splits give equal pairs, to the bit."""
    from sklearn.datasets import load_digits  # late: importing scikit-learn takes a second and a half

    rng = np.random.default_rng(split.seed)
    pixels, labels = load_digits(return_X_y=True)
    images = _enlarge(pixels.reshape(-1, 8, 8))
    split_of_digit = assign_splits([labels.astype(np.int64)], len(labels), split, rng)
    split_of_pair = np.repeat(np.arange(3, dtype=np.int8), split_sizes(PAIRS, split))
    sources = np.concatenate(
        [
            rng.choice(np.flatnonzero(split_of_digit == part), (size, 2))
            for part, size in enumerate(split_sizes(PAIRS, split))
        ]
    )
    left = _place_on_canvas(images[sources[:, 0]], rng, column=0)
    right = _place_on_canvas(images[sources[:, 1]], rng, column=CANVAS - DIGIT - SHIFT)
    digits = labels[sources].astype(np.int64)
    return Pairs(np.maximum(left, right), digits[:, 0], digits[:, 1], split_of_pair, sources)


def _enlarge(digits: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Bilinear interpolation of ``[N, 8, 8]`` of 0…16 to ``[N, 9, 9]`` of 0…255."""
    position = np.linspace(0, digits.shape[-1] - 1, DIGIT)
    low = np.minimum(position.astype(int), digits.shape[-1] - 2)
    share = position - low
    rows = digits[:, low] * (1 - share)[:, None] + digits[:, low + 1] * share[:, None]
    interpolated = rows[:, :, low] * (1 - share) + rows[:, :, low + 1] * share
    pixels: NDArray[np.uint8] = np.rint(interpolated * (255 / 16)).astype(np.uint8)
    return pixels


def _place_on_canvas(digits: NDArray[np.uint8], rng: np.random.Generator, column: int) -> NDArray[np.uint8]:
    """Digits ``[N, 9, 9]`` on black canvases, at a random row and at most SHIFT right of ``column``."""
    count = len(digits)
    top = rng.integers(0, CANVAS - DIGIT + 1, count)
    start = column + rng.integers(0, SHIFT + 1, count)
    side = np.arange(DIGIT)
    canvas = np.zeros((count, CANVAS, CANVAS), np.uint8)
    rows = (top[:, None] + side)[:, :, None]
    columns = (start[:, None] + side)[:, None, :]
    canvas[np.arange(count)[:, None, None], rows, columns] = digits
    return canvas


def _open(entry: BundledSet, split: GeneratedRowsSplit) -> Source:
    pairs = generate_pairs(split)
    classes = [str(digit) for digit in range(10)]
    columns = {
        side: class_column(side, digits, classes) for side, digits in (("left", pairs.left), ("right", pairs.right))
    }
    digest = digest_of((pairs.images, pairs.left, pairs.right, pairs.split))
    return bundled_source(entry, columns, digest, pictures={"image": pairs.images}, split=pairs.split)


OPENER = BundledOpener(_open, by_split=True)

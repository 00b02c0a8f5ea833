"""Two overlapping handwritten digits on one canvas, after MultiMNIST (Sabour et al. 2017).

They are made from scikit-learn's bundled 8×8 digits. Each is enlarged to 9×9 and dropped at a small random shift, one
towards the left and one towards the right, so that they overlap by two to four columns; where they do, the brighter
pixel shows. Source digits are divided among train, val and test first, so no handwriting of one split is seen in
another.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.splits import assign, sizes
from mtl_core.spec import SplitSpec

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


def generate(split: SplitSpec) -> Pairs:
    """All pairs; the same split spec gives the same ones, to the bit."""
    from sklearn.datasets import load_digits  # late: importing scikit-learn takes a second and a half

    rng = np.random.default_rng(split.seed)
    pixels, labels = load_digits(return_X_y=True)
    bank = _enlarged(pixels.reshape(-1, 8, 8))
    owner = assign([labels.astype(np.int64)], len(labels), split, rng)
    of_pair = np.repeat(np.arange(3, dtype=np.int8), sizes(PAIRS, split))
    sources = np.concatenate(
        [rng.choice(np.flatnonzero(owner == part), (size, 2)) for part, size in enumerate(sizes(PAIRS, split))]
    )
    left = _placed(bank[sources[:, 0]], rng, column=0)
    right = _placed(bank[sources[:, 1]], rng, column=CANVAS - DIGIT - SHIFT)
    digits = labels[sources].astype(np.int64)
    return Pairs(np.maximum(left, right), digits[:, 0], digits[:, 1], of_pair, sources)


def _enlarged(digits: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Bilinear enlargement of ``[N, 8, 8]`` of 0…16 to ``[N, 9, 9]`` of 0…255."""
    at = np.linspace(0, digits.shape[-1] - 1, DIGIT)
    low = np.minimum(at.astype(int), digits.shape[-1] - 2)
    share = at - low
    rows = digits[:, low] * (1 - share)[:, None] + digits[:, low + 1] * share[:, None]
    both = rows[:, :, low] * (1 - share) + rows[:, :, low + 1] * share
    enlarged: NDArray[np.uint8] = np.rint(both * (255 / 16)).astype(np.uint8)
    return enlarged


def _placed(digits: NDArray[np.uint8], rng: np.random.Generator, column: int) -> NDArray[np.uint8]:
    """Digits ``[N, 9, 9]`` on black canvases, at a random row and within SHIFT right of ``column``."""
    count = len(digits)
    top = rng.integers(0, CANVAS - DIGIT + 1, count)
    start = column + rng.integers(0, SHIFT + 1, count)
    side = np.arange(DIGIT)
    canvas = np.zeros((count, CANVAS, CANVAS), np.uint8)
    rows = (top[:, None] + side)[:, :, None]
    columns = (start[:, None] + side)[:, None, :]
    canvas[np.arange(count)[:, None, None], rows, columns] = digits
    return canvas

"""Made-up rows of two inputs of 1000 numbers, each of which says a part of the class."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled_opener import BundledOpener, bundled_source, class_column, digest_of, number_column
from mtl_core.datasets.source import Source
from mtl_core.spec.data.bundled import BundledSet, numbered
from mtl_core.spec.data.splits import GeneratedRowsSplit

COUNT = 1000
WIDTH = 1000
PAIRS = 5
_NOISE = 6.0

Floats = NDArray[np.float64]


def two_views(rows: int = COUNT, seed: int = 0) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Two views ``[N, 1000]`` and classes ``[N]`` of 0…9; the first view says the pair, the second which of it."""
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(rows, dtype=np.int64) % (2 * PAIRS))
    centers = rng.normal(size=(PAIRS, WIDTH)), rng.normal(size=(2, WIDTH))
    codes = classes // 2, classes % 2
    first, second = (
        np.round(center[code] + rng.normal(0, _NOISE, (rows, WIDTH)), 3)
        for center, code in zip(centers, codes, strict=True)
    )
    return first, second, classes


def _open(entry: BundledSet, _: GeneratedRowsSplit) -> Source:
    first, second, classes = two_views()
    no_text = np.full(len(classes), -1, np.int64)
    columns = {"class": class_column("class", classes, [str(code) for code in range(2 * PAIRS)])}
    for prefix, view in (("a", first), ("b", second)):
        names = numbered(prefix, WIDTH)
        columns |= {
            name: number_column(name, numbers, no_text) for name, numbers in zip(names, view.T.copy(), strict=True)
        }
    return bundled_source(entry, columns, digest_of((first, second, classes)))


OPENER = BundledOpener(_open)

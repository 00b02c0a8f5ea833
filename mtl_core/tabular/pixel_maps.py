"""Maps of classes: a target that has a class for every pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PixelMap:
    """A map per row.

    Attributes:
        values: ``[N, H, W]`` indices into ``classes``.
        classes: The classes' names.
    """

    values: NDArray[np.uint8]
    classes: tuple[str, ...]

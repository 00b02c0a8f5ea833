"""Images of rows of pixels, as a worker sends them."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtGui import QImage


def pixel_image(rows: Sequence[Sequence[int]], *, color: bool) -> QImage:
    """An image of rows of pixels: gray values from 0 to 255, or 0xRRGGBB with ``color``."""
    if color:
        packed = np.ascontiguousarray(np.asarray(rows, np.uint32))
        height, width = packed.shape
        return QImage(packed.tobytes(), width, height, 4 * width, QImage.Format.Format_RGB32).copy()
    pixels = np.ascontiguousarray(np.asarray(rows, np.uint8))
    height, width = pixels.shape
    # A copy, since QImage does not keep the array alive.
    return QImage(pixels.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()

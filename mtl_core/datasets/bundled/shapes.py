"""Made-up colour images with one shape each: its class, its box and, pixel by pixel, where it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

COUNT = 2000
SIDE = 64
NAMES = ("circle", "cross", "square", "triangle")
BACKGROUND = "background"
_SMALLEST, _LARGEST = 16, 40
_NOISE = 12.0
_DARK, _BRIGHT = 100, 140
_AT_ONCE = 20

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shapes:
    """N images.

    Attributes:
        images: ``[N, 64, 64, 3]`` of 0…255.
        classes: ``[N]`` indices into :data:`NAMES`.
        boxes: ``[N, 4]``: centre x, centre y, width and height in parts of the image, around the shape's pixels.
        masks: ``[N, 64, 64]``: 0 for the background, else the class plus 1.
    """

    images: NDArray[np.uint8]
    classes: NDArray[np.int64]
    boxes: Floats
    masks: NDArray[np.uint8]


def generate_shapes(count: int = COUNT, seed: int = 0) -> Shapes:
    """Circles, crosses, squares and triangles in bright colours on dark ones, anywhere; a seed gives the same ones."""
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(count, dtype=np.int64) % len(NAMES))
    size = rng.uniform(_SMALLEST, _LARGEST, (count, 1, 1))
    centre = rng.uniform(size / 2, SIDE - size / 2, (count, 2, 1)) if count else np.zeros((0, 2, 1))
    pixel = np.arange(SIDE) + 0.5
    x = (pixel[None, None, :] - centre[:, :1]) / (size / 2)
    y = (pixel[None, :, None] - centre[:, 1:]) / (size / 2)
    inside = np.zeros((count, SIDE, SIDE), np.bool_)
    for number, form in enumerate(_FORMS):
        rows = classes == number
        inside[rows] = form(x[rows], y[rows])
    ground, colour = _colours(rng, count)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, _AT_ONCE):  # what fits into the processor's cache takes a fifth of the time
        part = slice(start, start + _AT_ONCE)
        noise = rng.standard_normal((len(images[part]), SIDE, SIDE, 3), np.float32) * np.float32(_NOISE)
        noise += np.where(inside[part][..., None], colour[part, None, None], ground[part, None, None])
        images[part] = np.rint(np.clip(noise, 0, 255))
    masks = np.where(inside, classes[:, None, None] + 1, 0).astype(np.uint8)
    return Shapes(images, classes, boxes_around(inside), masks)


def boxes_around(inside: Flags) -> Floats:
    """``[N, 4]`` centre x, centre y, width and height, in parts of the image, of what is true in ``[N, H, W]``."""
    spans = []
    for there in (np.asarray(inside.any(1)), np.asarray(inside.any(2))):
        first = there.argmax(1)
        last = there.shape[1] - there[:, ::-1].argmax(1)
        spans.append((first / there.shape[1], last / there.shape[1]))
    (left, right), (top, bottom) = spans
    return np.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], axis=1)


def _colours(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``[N, 3]`` of the background, dark, and of the shape, bright."""
    ground, colour = rng.uniform(0, _DARK, (count, 3)), rng.uniform(_BRIGHT, 255, (count, 3))
    return ground.astype(np.float32), colour.astype(np.float32)


def _circle(x: Floats, y: Floats) -> Flags:
    return x**2 + y**2 <= 1


def _cross(x: Floats, y: Floats) -> Flags:
    return ((abs(x) <= 1) & (abs(y) <= 1 / 3)) | ((abs(y) <= 1) & (abs(x) <= 1 / 3))


def _square(x: Floats, y: Floats) -> Flags:
    return np.maximum(abs(x), abs(y)) <= 1


def _triangle(x: Floats, y: Floats) -> Flags:
    return (abs(y) <= 1) & (abs(x) <= (y + 1) / 2)


_FORMS = (_circle, _cross, _square, _triangle)

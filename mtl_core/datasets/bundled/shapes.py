"""Made-up color images with one shape each: its class, its box and, pixel by pixel, where it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled_opener import BundledOpener, bundled_source, class_column, digest_of, number_column
from mtl_core.datasets.source import Source
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit
from mtl_core.tabular.pixel_maps import PixelMap

COUNT = 2000
SIDE = 64
NAMES = ("circle", "cross", "square", "triangle")
BACKGROUND = "background"
_SMALLEST, _LARGEST = 16, 40
_NOISE = 12.0
_DARK, _BRIGHT = 100, 140
_CHUNK = 20

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Shapes:
    """N images with one shape each.

    Attributes:
        images: ``[N, 64, 64, 3]`` of 0…255.
        classes: ``[N]`` indices into :data:`NAMES`.
        boxes: ``[N, 4]``: center x, center y, width and height as shares of the image, around the shape's pixels.
        masks: ``[N, 64, 64]``: 0 for the background, else the class plus 1.
    """

    images: NDArray[np.uint8]
    classes: NDArray[np.int64]
    boxes: Floats
    masks: NDArray[np.uint8]


def generate_shapes(count: int = COUNT, seed: int = 0) -> Shapes:
    """Generate circles, crosses, squares and triangles in bright colors on dark ones; equal seeds give equal images."""
    rng = np.random.default_rng(seed)
    classes = rng.permutation(np.arange(count, dtype=np.int64) % len(NAMES))
    size = rng.uniform(_SMALLEST, _LARGEST, (count, 1, 1))
    center = rng.uniform(size / 2, SIDE - size / 2, (count, 2, 1)) if count else np.zeros((0, 2, 1))
    inside = pixels_inside(classes, size, center, SIDE)
    background, color = _random_colors(rng, count)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    for start in range(0, count, _CHUNK):  # what fits into the processor's cache takes a fifth of the time
        chunk = slice(start, start + _CHUNK)
        pixels = rng.standard_normal((len(images[chunk]), SIDE, SIDE, 3), np.float32) * np.float32(_NOISE)
        pixels += np.where(inside[chunk][..., None], color[chunk, None, None], background[chunk, None, None])
        images[chunk] = np.rint(np.clip(pixels, 0, 255))
    masks = np.where(inside, classes[:, None, None] + 1, 0).astype(np.uint8)
    return Shapes(images, classes, boxes_around(inside), masks)


def pixels_inside(classes: NDArray[np.int64], size: Floats, center: Floats, side: int) -> Flags:
    """Which pixels lie inside a shape.

    Args:
        classes: ``[N]`` indices into :data:`NAMES`.
        size: ``[N, 1, 1]`` widths, in pixels.
        center: ``[N, 2, 1]`` x and y.
        side: Width and height of the image.

    Returns:
        ``[N, side, side]``.
    """
    pixel = np.arange(side) + 0.5
    x = (pixel[None, None, :] - center[:, :1]) / (size / 2)
    y = (pixel[None, :, None] - center[:, 1:]) / (size / 2)
    inside = np.zeros((len(classes), side, side), np.bool_)
    for code, contains in enumerate(_CONTAINS):
        rows = classes == code
        inside[rows] = contains(x[rows], y[rows])
    return inside


def boxes_around(inside: Flags) -> Floats:
    """``[N, 4]`` center x, center y, width and height, as shares of the image, of what is true in ``[N, H, W]``."""
    spans = []
    for occupied in (np.asarray(inside.any(1)), np.asarray(inside.any(2))):
        length = occupied.shape[1]
        first = occupied.argmax(1)
        end = length - occupied[:, ::-1].argmax(1)
        spans.append((first / length, end / length))
    (left, right), (top, bottom) = spans
    return np.stack([(left + right) / 2, (top + bottom) / 2, right - left, bottom - top], axis=1)


def _random_colors(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``[N, 3]`` of the background, dark, and of the shape, bright."""
    background, color = rng.uniform(0, _DARK, (count, 3)), rng.uniform(_BRIGHT, 255, (count, 3))
    return background.astype(np.float32), color.astype(np.float32)


def _circle(x: Floats, y: Floats) -> Flags:
    return x**2 + y**2 <= 1


def _cross(x: Floats, y: Floats) -> Flags:
    return ((abs(x) <= 1) & (abs(y) <= 1 / 3)) | ((abs(y) <= 1) & (abs(x) <= 1 / 3))


def _square(x: Floats, y: Floats) -> Flags:
    return np.maximum(abs(x), abs(y)) <= 1


def _triangle(x: Floats, y: Floats) -> Flags:
    return (abs(y) <= 1) & (abs(x) <= (y + 1) / 2)


_CONTAINS = (_circle, _cross, _square, _triangle)
"""Whether a shape of center 0 and half size 1 contains the point (x, y), in the order of the classes."""


def _open(entry: BundledSet, _: GeneratedRowsSplit) -> Source:
    shapes = generate_shapes()
    columns = {"shape": class_column("shape", shapes.classes, NAMES)}
    for name, numbers in zip(("x", "y", "width", "height"), shapes.boxes.T, strict=True):
        columns[name] = number_column(name, numbers)
    maps = {"mask": PixelMap(shapes.masks, (BACKGROUND, *NAMES))}
    digest = digest_of((shapes.images, shapes.masks, shapes.boxes))
    return bundled_source(entry, columns, digest, pictures={"image": shapes.images}, maps=maps)


OPENER = BundledOpener(_open)

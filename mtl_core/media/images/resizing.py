"""Resize a picture to a stated size, antialiased."""

from typing import Literal

from PIL import Image

Fit = Literal["crop", "pad", "stretch"]

_REDUCING_GAP = 3.0
"""Shrink by whole numbers first, until three times the size is left: as good to the eye, and many times as fast."""


def resize(image: Image.Image, size: tuple[int, int], fit: Fit) -> Image.Image:
    """Resize a picture.

    Args:
        image: The picture.
        size: Height and width.
        fit: For a picture of another shape: ``crop`` cuts off what exceeds at the longer side, the center stays;
            ``pad`` shows all of it with black edges; ``stretch`` distorts it.
    """
    height, width = size
    if image.size == (width, height):
        return image
    if fit == "pad":
        return _pad(image, width, height)
    whole = 0.0, 0.0, float(image.width), float(image.height)
    return _scale(image, (width, height), _center_box(image.size, width / height) if fit == "crop" else whole)


def _scale(image: Image.Image, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    return image.resize(size, Image.Resampling.BILINEAR, box=box, reducing_gap=_REDUCING_GAP)


def _center_box(size: tuple[int, int], ratio: float) -> tuple[float, float, float, float]:
    """The largest box of a ratio of width to height in the center of a picture."""
    width, height = size
    box_width, box_height = min(width, height * ratio), min(height, width / ratio)
    left, top = (width - box_width) / 2, (height - box_height) / 2
    return left, top, left + box_width, top + box_height


def _pad(image: Image.Image, width: int, height: int) -> Image.Image:
    scale = min(width / image.width, height / image.height)
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    scaled = _scale(image, size, (0.0, 0.0, float(image.width), float(image.height)))
    padded = Image.new(image.mode, (width, height))
    padded.paste(scaled, ((width - size[0]) // 2, (height - size[1]) // 2))
    return padded

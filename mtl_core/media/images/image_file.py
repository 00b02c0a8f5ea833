"""Decode image files to pixels of a stated size."""

import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mtl_core.errors import InputError
from mtl_core.media.images.resizing import Fit, resize
from mtl_core.media.media_file import read_media_bytes

Channels = Literal[1, 3, 4]

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")
"""Formats of Pillow that are read; others run programs or are seldom pictures."""
IMAGE_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in ("png", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "avif")
)
MAX_PIXELS = 80_000_000
"""Less than Pillow warns about; such a picture takes up to 320 MB while it is decoded."""
_MAX_SIDE = 100_000
_MODES: dict[Channels, str] = {1: "L", 3: "RGB", 4: "RGBA"}
_PAPER = (255, 255, 255, 255)
_ORIENTATION_TAG = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What sets a picture upright, by the orientation in its EXIF data."""
_REPLACE = "Replace the file, or leave it out of the data."
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)  # else it would be printed as well


@dataclass(frozen=True)
class ImageFormat:
    """The form in which pictures become tensors.

    Attributes:
        size: Height and width in pixels.
        channels: 1 for gray, 3 for color, 4 for color and opacity.
        fit: How a picture of another shape is made to fit.
    """

    size: tuple[int, int]
    channels: Channels = 3
    fit: Fit = "crop"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a decoded picture."""
        return (self.channels, *self.size)


def read_image(path: str | Path, form: ImageFormat) -> NDArray[np.uint8]:
    """Read an image file as an array ``[C, H, W]`` of 0…255; of an animation the first frame.

    Its EXIF orientation is applied. Where opacity is no channel, transparent pixels show white paper.

    Raises:
        InputError: It is no image, damaged, or larger than is safe to decode.
        EnvironmentFault: It may not be read.
    """
    return decode_image(read_media_bytes(path), str(path), form)


def decode_image(data: bytes, name: str, form: ImageFormat) -> NDArray[np.uint8]:
    """Decode the content of an image file; as :func:`read_image`.

    Args:
        data: The content.
        name: The name of the file, for messages.
        form: Size, channels and fit.
    """
    try:
        with Image.open(BytesIO(data), formats=IMAGE_FORMATS) as image:
            _check_size(name, image.size)
            pixels = _pixels(image, name, form)
    except InputError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(name, "more") from None
    except MemoryError:
        raise
    except UnidentifiedImageError:
        rule = "must be an image (PNG, JPEG, WebP, GIF, BMP, TIFF, PNM or AVIF)"
        raise InputError(name, rule, found=_beginning(data), fix=_REPLACE) from None
    except Exception as error:  # decoders raise errors of many types on damaged content
        raise InputError(name, "the image is damaged and cannot be decoded", found=error, fix=_REPLACE) from None
    if pixels.ndim == 2:
        return np.ascontiguousarray(pixels[None])
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0))


def _check_size(name: str, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_PIXELS or max(size) > _MAX_SIDE:
        raise _too_large(name, f"{width} × {height}")
    if not width * height:
        raise InputError(name, "the image has no pixels", found=f"{width} × {height}", fix=_REPLACE)


def _too_large(name: str, found: str) -> InputError:
    rule = f"must have at most {MAX_PIXELS // 10**6} million pixels and {_MAX_SIDE:,} to a side"
    return InputError(name, rule, found=found, fix="Save it smaller.")


def _pixels(image: Image.Image, name: str, form: ImageFormat) -> NDArray[np.uint8]:
    """``[H, W]`` or ``[H, W, C]`` of an open image."""
    turn = _TURNS.get(_orientation(image))
    longest = 2 * max(form.size)
    image.draft(None, (longest, longest))  # a JPEG is decoded at a smaller scale where that suffices
    picture = _as_bytes(image, name)
    if turn is not None:
        picture = picture.transpose(turn)
    return np.asarray(resize(_convert(picture, form.channels), form.size, form.fit), np.uint8)


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # damaged EXIF data are as none
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    return 1


def _as_bytes(image: Image.Image, name: str) -> Image.Image:
    """The image with 8 bits a channel: 16 bits are scaled down, which Pillow itself would cut off at 255."""
    image.load()
    if not image.mode.startswith(("I", "F")):
        return image
    numbers = np.asarray(image)
    if image.mode == "F" or numbers.min() < 0 or numbers.max() > 65535:
        rule = "the pixels must be numbers of 8 or 16 bits, whose range is known"
        raise InputError(name, rule, found=f"mode {image.mode}", fix="Save it with 8 or 16 bits.")
    return Image.fromarray(((numbers.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _convert(image: Image.Image, channels: Channels) -> Image.Image:
    mode = _MODES[channels]
    if mode == "RGBA":
        return image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        opaque = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", opaque.size, _PAPER), opaque)
    return image if image.mode == mode else image.convert(mode)


def _beginning(data: bytes) -> str:
    """The first bytes of a file, for a message."""
    return repr(data[:12])[1:]

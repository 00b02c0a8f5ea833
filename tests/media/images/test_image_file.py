"""Decoding of image files of all modes, and one message for each file that is none.

Covers: mtl_core/media/media_file.py, mtl_core/media/images/resizing.py.
"""

import struct
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mtl_core.errors import InputError
from mtl_core.media.images.image_file import Channels, ImageFormat, decode_image, read_image
from mtl_core.media.images.resizing import Fit

RED = (255, 0, 0)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def halves(size: tuple[int, int] = (8, 4), mode: str = "RGB") -> Image.Image:
    """Left half red, right half black."""
    image = Image.new("RGB", size)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


def upright() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


def deep_gray() -> Image.Image:
    return Image.fromarray(np.array([[0, 257 * 100, 65535]], np.uint16))


def see_through() -> Image.Image:
    return Image.new("RGBA", (2, 2), (255, 0, 0, 0))


def animation() -> bytes:
    return encoded(Image.new("RGB", (2, 2), RED), "GIF", save_all=True, append_images=[Image.new("RGB", (2, 2))])


@pytest.mark.parametrize(
    ("data", "channels", "size", "first_row"),
    [
        (encoded(halves()), 3, (4, 8), [255, 0, 0, 255]),
        (encoded(halves(mode="P")), 3, (4, 8), [255, 0, 0, 255]),
        (encoded(halves(mode="L")), 3, (4, 8), [76, 76, 76, 76]),
        (encoded(halves()), 1, (4, 8), [76, 76, 76, 76]),
        (encoded(halves(mode="1")), 1, (4, 8), None),
        (encoded(halves(mode="CMYK"), "JPEG", quality=100), 3, (4, 8), [255, 0, 0, 255]),
        (encoded(see_through()), 3, (2, 2), [255, 255, 255, 255]),
        (encoded(see_through()), 4, (2, 2), [255, 0, 0, 255]),
        (encoded(deep_gray()), 1, (1, 3), [0, 100, 255]),
        (animation(), 3, (2, 2), [255, 0, 0, 255]),
        (encoded(halves((4, 8)), "PPM"), 3, (8, 4), [255, 0, 0, 255]),
    ],
    ids=["color", "palette", "gray", "to gray", "1 bit", "CMYK", "opacity", "to 4", "16 bits", "animation", "PPM"],
)
def test_every_mode_becomes_bytes(
    data: bytes, channels: Channels, size: tuple[int, int], first_row: list[int] | None
) -> None:
    pixels = decode_image(data, "x", ImageFormat(size, channels))
    assert pixels.dtype == np.uint8
    assert pixels.shape == (channels, *size)
    assert pixels.flags.c_contiguous
    if first_row is not None:
        values = [*pixels[:3, 0, 0], pixels[0, 0, 1]] if channels > 1 else pixels[0, 0, :4]
        assert np.abs(np.array(values, int) - first_row[: len(values)]).max() <= 2


def test_the_orientation_that_a_camera_noted_is_applied() -> None:
    pixels = decode_image(encoded(halves(), "JPEG", exif=upright(), quality=100), "x", ImageFormat((8, 4)))
    assert pixels[0, 0].min() > 200  # the left half is now the upper one
    assert pixels[0, -1].max() < 50


@pytest.mark.parametrize(
    ("fit", "left", "edge"), [("crop", 255, (255, 255)), ("stretch", 255, (255, 255)), ("pad", 255, (0, 0))]
)
def test_a_picture_of_another_shape_is_cut_padded_or_distorted(fit: Fit, left: int, edge: tuple[int, int]) -> None:
    pixels = decode_image(encoded(halves((16, 8))), "x", ImageFormat((8, 8), 3, fit))[0]
    assert pixels.shape == (8, 8)
    assert pixels[4, 0] == left
    assert (pixels[0, 0], pixels[-1, 0]) == edge
    assert pixels[4, -1] == 0


def test_shrinking_averages_what_it_leaves_out() -> None:
    board = np.indices((64, 64)).sum(0) % 2 * 255
    pixels = decode_image(encoded(Image.fromarray(board.astype(np.uint8))), "x", ImageFormat((8, 8), 1))
    assert np.abs(pixels.astype(int) - 127).max() <= 2


def test_extreme_shapes_keep_a_pixel() -> None:
    line = encoded(Image.new("L", (2000, 1), 255))
    for fit in ("crop", "pad", "stretch"):
        assert decode_image(line, "x", ImageFormat((4, 4), 1, fit)).max() == 255


def png_claiming(width: int, height: int) -> bytes:
    """A PNG that says it has that size and has a few bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    body = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + body


def float_tiff() -> bytes:
    return encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF")


ODD_IMAGES: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (bytes, "the file is empty"),
    "truncated.png": (lambda: encoded(halves((64, 64)))[:-40], "damaged"),
    "header_only.png": (lambda: encoded(halves())[:20], "damaged|must be an image"),
    "truncated.jpg": (lambda: encoded(halves((64, 64)), "JPEG")[:-40], "damaged"),
    "bomb.png": (lambda: png_claiming(50_000, 50_000), "at most 80 million pixels"),
    "larger_bomb.png": (lambda: png_claiming(9_000, 9_999), "at most 80 million pixels"),
    "no_pixels.png": (lambda: png_claiming(0, 5), "no pixels|damaged|must be an image"),
    "text.png": (lambda: b"not a picture", r"must be an image .*found 'not a pictur'"),
    "vector.eps": (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", "must be an image"),
    "float.tiff": (float_tiff, "8 or 16 bits, whose range is known; found mode F"),
}


@pytest.mark.parametrize("name", ODD_IMAGES)
def test_an_odd_file_is_refused_with_one_message_that_names_it(name: str, tmp_path: Path) -> None:
    make, message = ODD_IMAGES[name]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(InputError, match=message) as caught:
        read_image(path, ImageFormat((8, 8)))
    assert caught.value.problem.path == str(path)
    assert caught.value.problem.fix


def test_the_content_says_what_a_file_is_and_not_its_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_jpeg.png"
    path.write_bytes(encoded(halves(), "JPEG"))
    assert read_image(path, ImageFormat((4, 4))).shape == (3, 4, 4)


@pytest.mark.parametrize(
    ("name", "message"), [("missing.png", "cannot be read"), (".", "must be a file"), ("a\0", "file name")]
)
def test_what_is_no_file_is_refused(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_image(f"{tmp_path}/{name}", ImageFormat((8, 8)))

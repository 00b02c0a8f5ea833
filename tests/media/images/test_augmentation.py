"""Random changes of pictures, and the normalization of their channels.

Covers: mtl_core/spec/augmentation/.
"""

import numpy as np
import pytest
import torch
from torch import Generator, Tensor

from mtl_core.datasets.decoding import PixelScaling
from mtl_core.media.images.augmentation import augment_images
from mtl_core.media.images.normalization import fit_channels
from mtl_core.spec.augmentation import (
    ColorJitter,
    Cutout,
    HorizontalFlip,
    ImageAugmentation,
    MixUp,
    RandomCrop,
    Rotation,
    VerticalFlip,
)
from mtl_core.spec.unions import members

ALL = tuple(kind() for kind in members(ImageAugmentation) if kind is not MixUp)
"""The changes of a picture alone."""


def pictures(count: int = 16, channels: int = 3, height: int = 10, width: int = 14) -> Tensor:
    generator = Generator().manual_seed(1)
    return torch.randint(0, 256, (count, channels, height, width), generator=generator, dtype=torch.uint8)


def changed(images: Tensor, *changes: ImageAugmentation, seed: int = 0) -> Tensor:
    return augment_images(images, changes, Generator().manual_seed(seed))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("change", ALL, ids=lambda change: change.kind)
def test_a_change_keeps_shape_and_type_depends_on_the_seed_alone_and_leaves_its_input(
    change: ImageAugmentation, channels: int
) -> None:
    images = pictures(channels=channels)
    before = images.clone()
    first = changed(images, change)
    assert (first.shape, first.dtype) == (images.shape, torch.uint8)
    assert torch.equal(first, changed(images, change))
    assert not torch.equal(first, changed(images, change, seed=1))
    assert torch.equal(images, before)


def test_each_picture_draws_its_own_numbers() -> None:
    images = pictures(1).expand(32, -1, -1, -1)
    for change in ALL:
        assert len(changed(images, change).unique(dim=0)) > 1


def test_a_flip_of_all_mirrors_all() -> None:
    images = pictures()
    assert torch.equal(changed(images, HorizontalFlip(p=1)), images.flip(3))
    assert torch.equal(changed(images, VerticalFlip(p=1)), images.flip(2))


@pytest.mark.parametrize("fill", ["reflection", "black"])
def test_a_crop_shows_the_padded_picture_at_some_place(fill: str) -> None:
    images, padding = pictures(), 2
    mode, value = ("reflect", None) if fill == "reflection" else ("constant", 0)
    padded = torch.nn.functional.pad(images.float(), (padding,) * 4, mode=mode, value=value).to(torch.uint8)
    windows = padded.unfold(2, 10, 1).unfold(3, 14, 1).flatten(2, 3)  # [B, C, shifts, H, W]
    cropped = changed(images, RandomCrop(padding=padding, fill=fill))
    assert (windows == cropped[:, :, None]).all(dim=(3, 4)).all(dim=1).any(dim=1).all()


def test_padding_beyond_the_picture_reflects_again() -> None:
    assert changed(pictures(height=3, width=1), RandomCrop(padding=20)).shape == (16, 3, 3, 1)


def test_a_rotation_by_next_to_nothing_changes_nothing_and_a_disk_stays_where_it_is() -> None:
    images = pictures()
    assert torch.equal(changed(images, Rotation(degrees=1e-6)), images)
    y, x = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(31.0) - 15, indexing="ij")
    disk = ((x**2 + y**2 < 36) * 200).to(torch.uint8).expand(8, 1, -1, -1)
    turned = changed(disk, Rotation(degrees=180))
    far = ((x**2 + y**2).sqrt() - 6).abs() > 1.5
    assert torch.equal(turned[..., far], disk[..., far])


def test_color_jitter_keeps_opacity_and_a_factor_of_one_changes_nothing() -> None:
    images = pictures(channels=4)
    assert torch.equal(changed(images, ColorJitter(brightness=0, contrast=0, saturation=0)), images)
    assert torch.equal(changed(images, ColorJitter())[:, 3], images[:, 3])
    gray = pictures(channels=1).expand(-1, 3, -1, -1)
    assert torch.equal(*(changed(gray, ColorJitter())[:, i] for i in (0, 1)))  # gray stays gray


def test_brightness_scales_every_pixel_of_a_picture_alike() -> None:
    images = torch.full((8, 3, 4, 4), 100, dtype=torch.uint8)
    bright = changed(images, ColorJitter(brightness=0.5, contrast=0, saturation=0))
    assert (bright.flatten(1).min(1).values == bright.flatten(1).max(1).values).all()
    assert bright.min() >= 50
    assert bright.max() <= 150


def test_cutout_covers_a_square_and_no_more() -> None:
    images = torch.zeros(64, 1, 20, 20, dtype=torch.uint8)
    covered = changed(images, Cutout(p=1, size=0.5)) == 128
    counts = covered.sum(dim=(1, 2, 3))
    assert counts.max() <= 121
    assert counts.max() >= 81
    assert (counts == covered.any(2).sum((1, 2)) * covered.any(3).sum((1, 2))).all()


def test_normalized_channels_have_mean_0_and_standard_deviation_1() -> None:
    images = pictures(40)
    images[:, 1] //= 4
    images[:, 2] = 7
    rows = np.arange(0, 40, 2)
    statistics = fit_channels(images.numpy(), rows)
    normal = PixelScaling(statistics.mean, statistics.std)(images[rows])
    assert normal.dtype == torch.float32
    torch.testing.assert_close(normal.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(normal.std(dim=(0, 2, 3), correction=0), torch.tensor([1.0, 1.0, 0.0]))
    assert fit_channels(images.numpy(), rows[::-1]) == statistics

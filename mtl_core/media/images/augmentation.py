"""Random changes of batches of pictures ``[B, C, H, W]`` of 0…255, each picture by its own random numbers.

The numbers come from a generator that the caller gives, so that equal seeds give equal pictures.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional

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

_GRAY = 128
_LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue in the brightness of a pixel (ITU-R BT.601)."""


def augment_images(images: Tensor, changes: Sequence[ImageAugmentation], generator: Generator) -> Tensor:
    """Change pictures at random.

    Args:
        images: ``[B, C, H, W]`` uint8; not changed.
        changes: What is done, in this order.
        generator: The source of random numbers.

    Returns:
        ``[B, C, H, W]`` uint8 on the same device.
    """
    for change in changes:
        images = _apply(change, images, generator)
    return images


def mix_images(images: Tensor, partners: Tensor, share: float) -> Tensor:
    """Mix each picture ``[B, C, H, W]`` uint8 with another of the batch, of which it keeps a share."""
    return _to_bytes(images.float().mul_(share).add_(images[partners.to(images.device)].float(), alpha=1 - share))


def _apply(change: ImageAugmentation, images: Tensor, generator: Generator) -> Tensor:
    match change:
        case RandomCrop():
            return _random_crop(images, change, generator)
        case HorizontalFlip():
            return _flip(images, 3, change.p, generator)
        case VerticalFlip():
            return _flip(images, 2, change.p, generator)
        case Rotation():
            return _rotate(images, change.degrees, generator)
        case ColorJitter():
            return _jitter_colors(images, change, generator)
        case Cutout():
            return _cut_out(images, change, generator)
        case MixUp():
            raise ValueError("a batch is mixed by mix_images(), with its labels")


def _uniform(count: int, low: float, high: float, generator: Generator, device: torch.device) -> Tensor:
    """``[count]`` random numbers between two bounds, on a device."""
    numbers = torch.rand(count, generator=generator, device=generator.device)
    return (numbers * (high - low) + low).to(device)


def _random_crop(images: Tensor, change: RandomCrop, generator: Generator) -> Tensor:
    rows, _, height, width = images.shape
    shifts = torch.randint(
        -change.padding, change.padding + 1, (2, rows, 1), generator=generator, device=generator.device
    ).to(images.device)
    y = torch.arange(height, device=images.device) + shifts[0]
    x = torch.arange(width, device=images.device) + shifts[1]
    row = torch.arange(rows, device=images.device)[:, None, None]
    if change.fill == "reflection":
        y, x = _reflect(y, height), _reflect(x, width)
        return images.permute(0, 2, 3, 1)[row, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2).contiguous()
    inside = ((y >= 0) & (y < height))[:, None, :, None] & ((x >= 0) & (x < width))[:, None, None, :]
    y, x = y.clamp(0, height - 1), x.clamp(0, width - 1)
    moved = images.permute(0, 2, 3, 1)[row, y[:, :, None], x[:, None, :]].permute(0, 3, 1, 2)
    return (moved * inside).contiguous()


def _reflect(index: Tensor, length: int) -> Tensor:
    """Indices beyond the edges, mirrored at the first and last pixel."""
    period = max(2 * length - 2, 1)
    index = index.remainder(period)
    return torch.where(index < length, index, period - index)


def _flip(images: Tensor, dimension: int, p: float, generator: Generator) -> Tensor:
    chosen = _uniform(len(images), 0, 1, generator, images.device) < p
    return torch.where(chosen[:, None, None, None], images.flip(dimension), images)


def _rotate(images: Tensor, degrees: float, generator: Generator) -> Tensor:
    rows, _, height, width = images.shape
    angle = _uniform(rows, -degrees, degrees, generator, images.device) * (math.pi / 180)
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    theta = torch.stack((cos, -sin * height / width, zero, sin * width / height, cos, zero), dim=1).view(rows, 2, 3)
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    return _to_bytes(functional.grid_sample(images.float(), grid, align_corners=False))


def _jitter_colors(images: Tensor, change: ColorJitter, generator: Generator) -> Tensor:
    def factor(strength: float) -> Tensor:
        return _uniform(len(images), 1 - strength, 1 + strength, generator, images.device)[:, None, None, None]

    brightness, contrast, saturation = map(factor, (change.brightness, change.contrast, change.saturation))
    opacity = images[:, 3:]
    colors = images[:, :3].float() * brightness
    gray = _luminance(colors)
    mean = gray.mean(dim=(2, 3), keepdim=True)
    if colors.shape[1] == len(_LUMINANCE):
        colors = gray + (colors - gray) * saturation
    return torch.cat((_to_bytes(mean + (colors - mean) * contrast), opacity), dim=1)


def _luminance(colors: Tensor) -> Tensor:
    """``[B, 1, H, W]`` brightness of gray or color pixels."""
    if colors.shape[1] != len(_LUMINANCE):
        return colors
    weights = torch.tensor(_LUMINANCE, device=colors.device)[:, None, None]
    return (colors * weights).sum(dim=1, keepdim=True)


def _cut_out(images: Tensor, change: Cutout, generator: Generator) -> Tensor:
    rows, _, height, width = images.shape
    half = change.size * min(height, width) / 2
    chosen = _uniform(rows, 0, 1, generator, images.device)[:, None] < change.p
    y = _uniform(rows, 0, height, generator, images.device)[:, None]
    x = _uniform(rows, 0, width, generator, images.device)[:, None]
    covered_rows = (torch.arange(height, device=images.device) + 0.5 - y).abs() <= half
    covered_columns = (torch.arange(width, device=images.device) + 0.5 - x).abs() <= half
    covered = (covered_rows & chosen)[:, None, :, None] & covered_columns[:, None, None, :]
    return images.masked_fill(covered, _GRAY)


def _to_bytes(pixels: Tensor) -> Tensor:
    return pixels.round().clamp(0, 255).to(torch.uint8)

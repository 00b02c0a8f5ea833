"""From what is stored of an input to what the model reads, a chunk of rows at a time: augmentations and decoders."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Generator, Tensor

from mtl_core.media.images.augmentation import augment_images
from mtl_core.media.sounds.masking import mask_spectrograms
from mtl_core.spec.augmentation import ImageAugmentation, SoundAugmentation

FULL_SCALE = 2**15 - 1
"""The integer that a sample of 1 is stored as."""


class Decoder(Protocol):
    """Turns stored rows ``[B, …]`` into float32 inputs ``[B, …]`` on the same device."""

    def __call__(self, stored: Tensor) -> Tensor:
        """Decode rows; the result does not depend on which rows are decoded together."""
        ...


class Augmentation(Protocol):
    """Changes stored rows ``[B, …]`` at random, in training."""

    def __call__(self, stored: Tensor, generator: Generator) -> Tensor:
        """Change rows; what is given is not written to."""
        ...


@dataclass(frozen=True)
class PixelScaling:
    """Scales pixels of 0…255 by their mean and standard deviation in the training rows.

    Attributes:
        mean: Mean pixel of each channel, or one of all.
        std: Standard deviation of each channel, or one of all; above 0.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, stored: Tensor) -> Tensor:
        """Scale pixels ``[B, C, H, W]``."""
        # Tensors, since some devices multiply by the inverse of a number instead of dividing by it.
        mean, std = torch.tensor([self.mean, self.std], dtype=torch.float32, device=stored.device)[..., None, None]
        return _float_pixels(stored).sub_(mean).div_(std)


@dataclass(frozen=True)
class ImageChanges:
    """The augmentation of pictures."""

    changes: tuple[ImageAugmentation, ...]

    def __call__(self, stored: Tensor, generator: Generator) -> Tensor:
        """Change pixels ``[B, C, H, W]`` of 0…255."""
        return augment_images(stored, self.changes, generator)


@dataclass(frozen=True)
class BandScaling:
    """Scales spectrograms by the mean and the standard deviation of each band in the training rows."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, stored: Tensor) -> Tensor:
        """Scale spectrograms ``[B, 1, mels, frames]``."""
        mean = torch.tensor(self.mean, dtype=torch.float32, device=stored.device)[:, None]
        std = torch.tensor(self.std, dtype=torch.float32, device=stored.device)[:, None]
        return _float_pixels(stored).sub_(mean).div_(std)


@dataclass(frozen=True)
class WaveScaling:
    """Scales samples, stored as 16-bit integers, by the mean and the standard deviation of the training rows.

    Attributes:
        mean: Mean of the samples of -1…1.
        std: Standard deviation, above 0.
    """

    mean: float
    std: float

    def __call__(self, stored: Tensor) -> Tensor:
        """Scale waveforms ``[B, 1, samples]``."""
        values = torch.tensor([self.mean, self.std], dtype=torch.float32, device=stored.device) * FULL_SCALE
        mean, std = values.unbind()  # tensors, as above
        return stored.to(torch.float32).sub_(mean).div_(std)


@dataclass(frozen=True)
class SpectrogramMasks:
    """The augmentation of spectrograms, whose masked parts get the mean of their band."""

    masks: tuple[SoundAugmentation, ...]
    mean: tuple[float, ...]

    def __call__(self, stored: Tensor, generator: Generator) -> Tensor:
        """Mask spectrograms ``[B, 1, mels, frames]``."""
        fill = torch.tensor(self.mean, dtype=stored.dtype, device=stored.device)[:, None]
        return mask_spectrograms(stored, self.masks, generator, fill)


def _float_pixels(stored: Tensor) -> Tensor:
    """Copy pixels ``[B, C, H, W]`` as float32; with the channels last on a CPU, whose convolutions are faster so.

    ``Tensor.to`` would keep the strides of pictures of one channel, which are in both layouts at once.
    """
    layout = torch.channels_last if stored.device.type == "cpu" else torch.contiguous_format
    pixels = torch.empty(stored.shape, dtype=torch.float32, device=stored.device, memory_format=layout)
    return pixels.copy_(stored)

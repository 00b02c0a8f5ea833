"""Random masks of spectrograms in time and frequency (Park et al. 2019, SpecAugment)."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from mtl_core.spec.augmentation import FrequencyMask, SoundAugmentation, TimeMask


def mask_spectrograms(
    spectrograms: Tensor, masks: Sequence[SoundAugmentation], generator: Generator, fill: Tensor
) -> Tensor:
    """Mask random spans and bands of spectrograms.

    Args:
        spectrograms: ``[B, …, mels, frames]``; not changed.
        masks: What is masked.
        generator: The source of random numbers.
        fill: What masked parts get, ``[mels, 1]`` or a number.
    """
    for mask in masks:
        match mask:
            case TimeMask():
                dimension, share = -1, mask.length
            case FrequencyMask():
                dimension, share = -2, mask.width
        for _ in range(mask.count):
            spectrograms = _mask_span(spectrograms, dimension, share, generator, fill)
    return spectrograms


def _mask_span(spectrograms: Tensor, dimension: int, share: float, generator: Generator, fill: Tensor) -> Tensor:
    """Mask one span of each spectrogram, of a random length up to a share of the dimension."""
    rows, size = len(spectrograms), spectrograms.shape[dimension]
    length, place = torch.rand(2, rows, 1, generator=generator, device=generator.device).to(spectrograms.device)
    length = (length * (share * size + 1)).floor()
    start = (place * (size - length + 1)).floor()
    index = torch.arange(size, device=spectrograms.device)
    covered = (index >= start) & (index < start + length)
    shape = [rows] + [1] * (spectrograms.dim() - 1)
    shape[dimension] = size
    return torch.where(covered.view(shape), fill, spectrograms)

"""Random masks of spectrograms in time and frequency (Park et al. 2019, SpecAugment)."""

from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from mtl_core.spec.augmentation import FrequencyMask, SoundAugmentation, TimeMask


def mask_spectrograms(spectrograms: Tensor, masks: Sequence[SoundAugmentation], generator: Generator) -> Tensor:
    """Set random spans and bands of spectrograms to 0, which is the mean of normalized ones.

    Args:
        spectrograms: ``[B, …, mels, frames]`` normalized; not changed.
        masks: What is masked.
        generator: The source of random numbers.
    """
    for mask in masks:
        match mask:
            case TimeMask():
                dimension, share = -1, mask.length
            case FrequencyMask():
                dimension, share = -2, mask.width
        for _ in range(mask.count):
            spectrograms = _mask_span(spectrograms, dimension, share, generator)
    return spectrograms


def _mask_span(spectrograms: Tensor, dimension: int, share: float, generator: Generator) -> Tensor:
    """Mask one span of each spectrogram, of a random length up to a share of the dimension."""
    rows, size = len(spectrograms), spectrograms.shape[dimension]
    length, place = torch.rand(2, rows, 1, generator=generator, device=generator.device).to(spectrograms.device)
    length = (length * (share * size + 1)).floor()
    start = (place * (size - length + 1)).floor()
    index = torch.arange(size, device=spectrograms.device)
    covered = (index >= start) & (index < start + length)
    shape = [rows] + [1] * (spectrograms.dim() - 1)
    shape[dimension] = size
    return spectrograms.masked_fill(covered.view(shape), 0.0)

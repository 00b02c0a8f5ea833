"""Mean and standard deviation of the channels of pictures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mtl_core.protocol.work_progress import report_progress

_CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class ChannelStatistics:
    """Mean and standard deviation of each channel, of pixels of 0…255."""

    mean: tuple[float, ...]
    std: tuple[float, ...]


def fit_channels(images: NDArray[np.uint8], rows: NDArray[np.int64]) -> ChannelStatistics:
    """Mean and standard deviation of the channels in some rows of ``[N, C, H, W]``, in memory or on disk.

    They are summed as whole numbers, so that they do not depend on the order of the rows. A constant channel has 1.
    """
    channels = images.shape[1]
    total, squares = np.zeros(channels, np.uint64), np.zeros(channels, np.uint64)
    step = max(1, _CHUNK_BYTES // max(images[:1].nbytes, 1))
    levels = np.arange(256, dtype=np.uint64)
    for start in range(0, len(rows), step):
        report_progress(f"Measured {start:,} of {len(rows):,} pictures", start / len(rows))
        pixels = images[rows[start : start + step]]
        for channel in range(channels):
            counts = np.bincount(pixels[:, channel].reshape(-1), minlength=256).astype(np.uint64)
            total[channel] += (counts * levels).sum()
            squares[channel] += (counts * levels * levels).sum()
    count = max(len(rows) * images.shape[2] * images.shape[3], 1)
    mean = total.astype(np.float64) / count
    variance = squares.astype(np.float64) / count - mean**2
    std = np.sqrt(np.maximum(variance, 0.0))
    return ChannelStatistics(tuple(mean.tolist()), tuple(np.where(std < 1e-6, 1.0, std).tolist()))

"""Log-mel spectrograms: the logarithm of a sound's power in bands of frequency as wide as the ear hears them."""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

_FLOOR = 1e-6
"""Added to the power, so that silence has a logarithm: -60 dB of a full tone."""
_BREAK_HERTZ, _BREAK_MEL, _MEL_HERTZ = 1000.0, 15.0, 200.0 / 3
_STEPS = 27 / math.log(6.4)
"""Mels above the break for each factor e of frequency: 27 from 1000 Hz to 6400 Hz."""


@dataclass(frozen=True)
class SpectrogramFormat:
    """The form of a spectrogram.

    Attributes:
        rate: Samples a second of the sound.
        mels: Bands.
        window: Samples of a window.
        hop: Samples from one window to the next.
    """

    rate: int
    mels: int = 64
    window: int = 400
    hop: int = 160

    def frames(self, samples: int) -> int:
        """Number of windows in a sound."""
        return samples // self.hop + 1


def log_mel(sounds: Tensor, form: SpectrogramFormat) -> Tensor:
    """Log-mel spectrograms.

    Args:
        sounds: ``[B, samples]`` float32 of -1…1.
        form: Bands and windows.

    Returns:
        ``[B, mels, frames]`` float32; the windows are centered at multiples of the hop, beyond the ends is silence.
    """
    hann = torch.hann_window(form.window, device=sounds.device)
    spectrum = torch.stft(
        sounds, form.window, form.hop, window=hann, center=True, pad_mode="constant", return_complex=True
    )
    power = spectrum.real**2 + spectrum.imag**2
    bands = mel_filters(form.rate, form.window, form.mels).to(sounds.device)
    return torch.log(bands @ power + _FLOOR)


@lru_cache(maxsize=8)
def mel_filters(rate: int, window: int, mels: int) -> Tensor:
    """``[mels, window // 2 + 1]``: triangles that overlap by half, from 0 to half the rate, evenly spaced in mel.

    The mel scale is Slaney's (linear below 1000 Hz, logarithmic above), and each triangle has the area 1.
    """
    frequencies = torch.linspace(0, rate / 2, window // 2 + 1, dtype=torch.float64)
    top = hertz_to_mel(torch.tensor(rate / 2, dtype=torch.float64))
    edges = mel_to_hertz(torch.linspace(0, 1, mels + 2, dtype=torch.float64) * top)
    low, center, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (frequencies - low) / (center - low)
    falling = (high - frequencies) / (high - center)
    return (torch.minimum(rising, falling).clamp(min=0) * 2 / (high - low)).to(torch.float32)


def hertz_to_mel(hertz: Tensor) -> Tensor:
    """Slaney's mel of frequencies."""
    logarithmic = _BREAK_MEL + torch.log(hertz.clamp(min=_BREAK_HERTZ) / _BREAK_HERTZ) * _STEPS
    return torch.where(hertz < _BREAK_HERTZ, hertz / _MEL_HERTZ, logarithmic)


def mel_to_hertz(mel: Tensor) -> Tensor:
    """The frequencies of Slaney's mel."""
    logarithmic = _BREAK_HERTZ * torch.exp((mel - _BREAK_MEL).clamp(min=0) / _STEPS)
    return torch.where(mel < _BREAK_MEL, mel * _MEL_HERTZ, logarithmic)

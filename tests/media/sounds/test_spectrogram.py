"""Log-mel spectrograms held against those of transformers, and their random masks.

Covers: mtl_core/media/sounds/masking.py.
"""

import numpy as np
import pytest
import torch
from torch import Generator
from transformers import audio_utils

from mtl_core.media.sounds.masking import mask_spectrograms
from mtl_core.media.sounds.spectrogram import SpectrogramFormat, hertz_to_mel, log_mel, mel_filters, mel_to_hertz
from mtl_core.spec.augmentation import FrequencyMask, TimeMask


@pytest.mark.parametrize("form", [SpectrogramFormat(16000), SpectrogramFormat(8000, 20, 256, 100)])
def test_it_is_that_of_transformers(form: SpectrogramFormat) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 4000).astype(np.float32)
    filters = audio_utils.mel_filter_bank(
        form.window // 2 + 1, form.mels, 0.0, form.rate / 2, form.rate, norm="slaney", mel_scale="slaney"
    )
    np.testing.assert_allclose(mel_filters(form.rate, form.window, form.mels).numpy(), filters.T, atol=1e-7)
    power = audio_utils.spectrogram(
        sound,
        audio_utils.window_function(form.window, "hann"),
        form.window,
        form.hop,
        power=2.0,
        pad_mode="constant",
        mel_filters=filters,
        mel_floor=0.0,
    )
    ours = log_mel(torch.from_numpy(sound)[None], form)[0]
    assert ours.shape == (form.mels, form.frames(len(sound)))
    np.testing.assert_allclose(ours.numpy(), np.log(power + 1e-6), atol=1e-4)


def test_the_loudest_band_is_that_of_the_tone() -> None:
    form = SpectrogramFormat(16000)
    for hertz in (300.0, 2000.0, 6000.0):
        sound = torch.sin(2 * torch.pi * hertz * torch.arange(8000) / 16000)
        band = int(log_mel(sound[None], form)[0].mean(dim=1).argmax())
        top = float(hertz_to_mel(torch.tensor(8000.0)))
        center = float(mel_to_hertz(torch.tensor((band + 1) * top / 65)))
        assert abs(center / hertz - 1) < 0.1


def test_mel_and_hertz_are_inverse() -> None:
    hertz = torch.tensor([0.0, 200.0, 1000.0, 5000.0, 20000.0], dtype=torch.float64)
    torch.testing.assert_close(mel_to_hertz(hertz_to_mel(hertz)), hertz)


def test_silence_is_finite() -> None:
    assert log_mel(torch.zeros(1, 1000), SpectrogramFormat(8000)).isfinite().all()


@pytest.mark.parametrize(
    ("mask", "dimension", "most"), [(TimeMask(length=0.2), 3, 8), (FrequencyMask(width=0.5), 2, 10)]
)
def test_a_mask_covers_one_span_of_at_most_its_length(
    mask: TimeMask | FrequencyMask, dimension: int, most: int
) -> None:
    spectrograms = torch.ones(200, 1, 20, 40)
    masked = mask_spectrograms(spectrograms, [mask], Generator().manual_seed(0), torch.zeros(()))
    covered = (masked == 0).all(dim=5 - dimension)[:, 0].float()
    assert (masked == 0).sum() == covered.sum() * (800 // (20, 40)[dimension - 2])
    lengths = covered.sum(dim=1)
    assert (lengths.min(), lengths.max()) == (0, most)
    assert (covered.diff(dim=1).abs().sum(dim=1) <= 2).all()
    assert covered[:, 0].any()
    assert covered[:, -1].any()
    assert spectrograms.all()
    assert torch.equal(masked, mask_spectrograms(spectrograms, [mask], Generator().manual_seed(0), torch.zeros(())))

"""Inputs that are sounds, as log-mel spectrograms."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import BandScaling, SpectrogramMasks
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, InputReader, SpecInput
from mtl_core.datasets.inputs.media_files import MediaForm, NewFiles
from mtl_core.datasets.inputs.media_reader import MediaReader, fitted_media, new_files, read_new_names
from mtl_core.datasets.source import Source, Waveforms
from mtl_core.media.sounds.sound_file import SoundFormat, decode_sound, fit_duration, resample
from mtl_core.media.sounds.spectrogram import SpectrogramFormat, log_mel
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import SoundInput
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Rows

_CHUNK_BYTES = 2**20
_SETTINGS = ("rate", "seconds", "mels", "window", "hop")


class SoundReader:
    """Sounds that the data set holds.

    Args:
        spec_input: The input.
        source: The data.
    """

    tokens = None

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, SoundInput)
        self._spec, self._waveforms = spec_input.spec, source.sounds[spec_input.spec.column]

    def fit(self, rows: Rows) -> FittedInput:
        """Compute the spectrograms, and fit mean and standard deviation of each band."""
        return _fitted(self._spec, _spectrograms(self._waveforms, self._spec.model_dump()), rows)


class SoundFileReader(MediaReader):
    """Files of sounds.

    Args:
        spec_input: The input.
        source: The data.
    """

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, SoundInput)
        self._spec = spec_input.spec
        super().__init__(spec_input, source, self._spec.column)
        self.form = _form(self._spec.model_dump(include=set(_SETTINGS)))

    def fit_statistics(self, array: NDArray[Any], rows: Rows) -> FittedInput:
        """Fit mean and standard deviation of each band."""
        return _fitted(self._spec, array, rows)


def _reader(spec_input: SpecInput, source: Source) -> InputReader:
    """The reader of sounds that the data set holds, or of the files that a column names."""
    assert isinstance(spec_input.spec, SoundInput)
    held = spec_input.spec.column in source.sounds
    return SoundReader(spec_input, source) if held else SoundFileReader(spec_input, source)


def _fitted(spec: SoundInput, array: NDArray[Any], rows: Rows) -> FittedInput:
    mean, std = _fit_bands(array, rows)
    settings = {"kind": "sound", "column": spec.column, **spec.model_dump(include=set(_SETTINGS))}
    preprocessing = {**settings, "mean": list(mean), "std": list(std)}
    masks = SpectrogramMasks(spec.augmentation, mean) if spec.augmentation else None
    return fitted_media(array, preprocessing, BandScaling(mean, std), masks)


def _spectrograms(waveforms: Waveforms, settings: Mapping[str, Any]) -> NDArray[Any]:
    """``[N, 1, mels, frames]`` of sounds in memory, as those of files."""
    sound, form = _formats(settings)
    spectrograms = []
    for samples in waveforms.samples:
        fitting = fit_duration(resample(samples, waveforms.rate, sound.rate), sound.samples)
        spectrograms.append(log_mel(torch.from_numpy(fitting)[None], form))
    return torch.stack(spectrograms).numpy().astype(np.float16)


def spectrogram_shape(settings: Mapping[str, Any]) -> Shape:
    """Shape of a spectrogram, from the settings of a sound input."""
    sound, form = _formats(settings)
    return (1, form.mels, form.frames(sound.samples))


def _formats(settings: Mapping[str, Any]) -> tuple[SoundFormat, SpectrogramFormat]:
    rate = settings["rate"]
    window, hop = (max(2, round(settings[name] * rate / 1000)) for name in ("window", "hop"))
    return SoundFormat(rate, settings["seconds"]), SpectrogramFormat(rate, settings["mels"], window, hop)


def _form(settings: Mapping[str, Any]) -> MediaForm:
    sound, form = _formats(settings)
    decode = partial(_decode, sound=sound, form=form)
    values = {"kind": "sound", **{name: settings[name] for name in _SETTINGS}}
    return MediaForm("sound", spectrogram_shape(settings), np.dtype(np.float16), decode, values)


def _decode(data: bytes, name: str, sound: SoundFormat, form: SpectrogramFormat) -> NDArray[Any]:
    """``[1, mels, frames]`` in half precision, whose error is far below what an ear hears."""
    samples = torch.from_numpy(decode_sound(data, name, sound))
    return log_mel(samples[None], form).numpy().astype(np.float16)


def _fit_bands(array: NDArray[Any], rows: Rows) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each band in some rows of ``[N, 1, mels, frames]``; 1 for a constant band."""
    total = squares = np.zeros(array.shape[2])
    step = max(1, _CHUNK_BYTES // max(array[:1].nbytes, 1))
    for start in range(0, len(rows), step):
        report_progress(f"Measured {start:,} of {len(rows):,} sounds", start / len(rows))
        values = array[rows[start : start + step]].astype(np.float64)
        total, squares = total + values.sum(axis=(0, 1, 3)), squares + (values**2).sum(axis=(0, 1, 3))
    count = max(len(rows) * array.shape[3], 1)
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return tuple(mean.tolist()), tuple(np.where(std < 1e-6, 1.0, std).tolist())


def _new_files(preprocessing: Mapping[str, Any], column: Column) -> NewFiles:
    decoder = BandScaling(tuple(preprocessing["mean"]), tuple(preprocessing["std"]))
    return new_files(column, _form(preprocessing), decoder)


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    return _new_files(preprocessing, columns[preprocessing["column"]]).decode(slice(None)).inputs


KIND = InputKind(_reader, read_new_names, _transform, new_files=_new_files)

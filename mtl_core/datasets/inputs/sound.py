"""Inputs that are sounds, as log-mel spectrograms or waveforms."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import FULL_SCALE, BandScaling, Decoder, SpectrogramMasks, WaveScaling
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, InputReader, SpecInput
from mtl_core.datasets.inputs.media_files import MediaForm, NewFiles
from mtl_core.datasets.inputs.media_reader import MediaReader, fitted_media, new_files, read_new_names
from mtl_core.datasets.source import Source, Waveforms
from mtl_core.media.sounds.sound_file import Samples, SoundFormat, decode_sound, fit_duration, resample
from mtl_core.media.sounds.spectrogram import SpectrogramFormat, log_mel
from mtl_core.protocol.work_progress import report_progress
from mtl_core.spec import SoundInput
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Rows

_CHUNK_BYTES = 2**20
_WAVE_SETTINGS = ("rate", "seconds")
_SETTINGS = (*_WAVE_SETTINGS, "mels", "window", "hop")


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
        """Compute the spectrograms, and fit mean and standard deviation: of each band, or of waveforms."""
        return _fitted(self._spec, _convert(self._waveforms, self._spec.model_dump()), rows)


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
        self.form = _form(_settings(self._spec))

    def fit_statistics(self, array: NDArray[Any], rows: Rows) -> FittedInput:
        """Fit mean and standard deviation: of each band, or of waveforms."""
        return _fitted(self._spec, array, rows)


def _reader(spec_input: SpecInput, source: Source) -> InputReader:
    """The reader of sounds that the data set holds, or of the files that a column names."""
    assert isinstance(spec_input.spec, SoundInput)
    held = spec_input.spec.column in source.sounds
    return SoundReader(spec_input, source) if held else SoundFileReader(spec_input, source)


def _settings(spec: SoundInput) -> dict[str, Any]:
    """What determines the arrays; a spectrogram names no form, as before there were others."""
    if spec.form == "waveform":
        return {"form": spec.form, **spec.model_dump(include=set(_WAVE_SETTINGS))}
    return spec.model_dump(include=set(_SETTINGS))


def _is_waveform(settings: Mapping[str, Any]) -> bool:
    return settings.get("form") == "waveform"


def _fitted(spec: SoundInput, array: NDArray[Any], rows: Rows) -> FittedInput:
    settings = {"kind": "sound", "column": spec.column, **_settings(spec)}
    if _is_waveform(settings):
        mean, std = _fit_samples(array, rows)
        preprocessing = {**settings, "mean": mean, "std": std}
        return fitted_media(array, preprocessing, _decoder(preprocessing), None)
    means, deviations = _fit_bands(array, rows)
    preprocessing = {**settings, "mean": list(means), "std": list(deviations)}
    masks = SpectrogramMasks(spec.augmentation, means) if spec.augmentation else None
    return fitted_media(array, preprocessing, _decoder(preprocessing), masks)


def _decoder(preprocessing: Mapping[str, Any]) -> Decoder:
    mean, std = preprocessing["mean"], preprocessing["std"]
    return WaveScaling(mean, std) if _is_waveform(preprocessing) else BandScaling(tuple(mean), tuple(std))


def _convert(waveforms: Waveforms, settings: Mapping[str, Any]) -> NDArray[Any]:
    """``[N, 1, …]`` of sounds in memory, as those of files."""
    sound, form = _formats(settings)
    fitting = (fit_duration(resample(wave, waveforms.rate, sound.rate), sound.samples) for wave in waveforms.samples)
    return np.stack([_stored(samples, form) for samples in fitting])


def sound_shape(settings: Mapping[str, Any]) -> Shape:
    """Shape of a sound, from the settings of a sound input."""
    sound, form = _formats(settings)
    return (1, sound.samples) if form is None else (1, form.mels, form.frames(sound.samples))


def display_spectrogram(stored: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[Any]:
    """The spectrogram ``[1, mels, frames]`` of a stored sound, to be looked at; of a waveform by default settings."""
    if not _is_waveform(settings):
        return stored
    _, form = _formats(SoundInput(column="sound", rate=settings["rate"], seconds=settings["seconds"]).model_dump())
    assert form is not None
    return log_mel(torch.from_numpy(stored.astype(np.float32) / FULL_SCALE), form).numpy()


def _formats(settings: Mapping[str, Any]) -> tuple[SoundFormat, SpectrogramFormat | None]:
    """The forms of a sound and of its spectrogram, None for waveforms."""
    rate = settings["rate"]
    sound = SoundFormat(rate, settings["seconds"])
    if _is_waveform(settings):
        return sound, None
    window, hop = (max(2, round(settings[name] * rate / 1000)) for name in ("window", "hop"))
    return sound, SpectrogramFormat(rate, settings["mels"], window, hop)


def _form(settings: Mapping[str, Any]) -> MediaForm:
    sound, form = _formats(settings)
    decode = partial(_decode, sound=sound, form=form)
    values = {"kind": "sound", **{name: settings[name] for name in ("form", *_SETTINGS) if name in settings}}
    dtype = np.dtype(np.int16 if form is None else np.float16)
    return MediaForm("sound", sound_shape(settings), dtype, decode, values)


def _decode(data: bytes, name: str, sound: SoundFormat, form: SpectrogramFormat | None) -> NDArray[Any]:
    return _stored(decode_sound(data, name, sound), form)


def _stored(samples: Samples, form: SpectrogramFormat | None) -> NDArray[Any]:
    """``[1, mels, frames]`` in half precision, whose error is far below what an ear hears; or ``[1, samples]``."""
    if form is None:
        return np.round(np.clip(samples, -1, 1) * FULL_SCALE).astype(np.int16)[None]
    return log_mel(torch.from_numpy(samples)[None], form).numpy().astype(np.float16)


def _fit_samples(array: NDArray[Any], rows: Rows) -> tuple[float, float]:
    """Mean and standard deviation of the samples of some rows ``[N, 1, samples]``; 1 for silence."""
    total = squares = 0.0
    step = max(1, _CHUNK_BYTES // max(array[:1].nbytes, 1))
    for start in range(0, len(rows), step):
        values = array[rows[start : start + step]] / FULL_SCALE
        total, squares = total + float(values.sum()), squares + float((values**2).sum())
    count = max(len(rows) * array.shape[2], 1)
    mean = total / count
    std = math.sqrt(max(squares / count - mean**2, 0.0))
    return mean, std if std >= 1e-6 else 1.0


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
    return new_files(column, _form(preprocessing), _decoder(preprocessing))


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    return _new_files(preprocessing, columns[preprocessing["column"]]).decode(slice(None)).inputs


KIND = InputKind(_reader, read_new_names, _transform, new_files=_new_files)

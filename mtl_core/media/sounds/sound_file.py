"""Read sound files as one channel of a stated rate and duration."""

from dataclasses import dataclass
from io import BytesIO
from math import ceil, gcd
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.media.media_file import read_media_bytes

SOUND_SUFFIXES = frozenset((".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"))
MAX_RATE = 768_000
_MIN_RATE = 100
_MAX_CHANNELS = 64
_REPLACE = "Replace the file, or leave it out of the data."

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class SoundFormat:
    """The form in which sounds are read.

    Attributes:
        rate: Samples a second.
        seconds: Duration; longer sounds are cut at the end, shorter ones are followed by silence.
    """

    rate: int
    seconds: float

    @property
    def samples(self) -> int:
        """Number of samples of a sound."""
        return max(1, round(self.rate * self.seconds))


def read_sound(path: str | Path, form: SoundFormat) -> Samples:
    """Read a sound file (WAV, FLAC, OGG, MP3 or AIFF) as ``[samples]`` numbers of -1…1, the mean of its channels.

    Raises:
        InputError: It is no sound, damaged, or has no samples.
        EnvironmentFault: It may not be read, or the library that reads sounds does not load.
    """
    return decode_sound(read_media_bytes(path), str(path), form)


def decode_sound(data: bytes, name: str, form: SoundFormat) -> Samples:
    """Decode the content of a sound file; as :func:`read_sound`.

    Args:
        data: The content.
        name: The name of the file, for messages.
        form: Rate and duration.
    """
    soundfile = _library()
    try:
        with soundfile.SoundFile(BytesIO(data)) as file:
            rate, channels = int(file.samplerate), int(file.channels)
            _check_header(name, rate, channels)
            needed = ceil(form.samples * rate / form.rate) + _filter_length(rate, form.rate)
            frames = file.read(needed, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        rule = "must be a sound that can be read (WAV, FLAC, OGG, MP3 or AIFF)"
        raise InputError(name, rule, found=error.error_string, fix=_REPLACE) from None
    if not len(frames):
        raise InputError(name, "the sound has no samples", fix=_REPLACE)
    if not np.isfinite(frames).all():
        raise InputError(name, "the sound has samples that are no numbers", fix=_REPLACE)
    return fit_duration(resample(frames.mean(axis=1, dtype=np.float32), rate, form.rate), form.samples)


def _library() -> Any:
    """The module ``soundfile``, which loads the library libsndfile."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        fix = "Install the system's libsndfile, or Python's package soundfile."
        raise EnvironmentFault("sounds", "cannot be read: libsndfile does not load", found=error, fix=fix) from None
    return soundfile


def _check_header(name: str, rate: int, channels: int) -> None:
    if not _MIN_RATE <= rate <= MAX_RATE:
        raise InputError(name, f"must have {_MIN_RATE} to {MAX_RATE:,} samples a second", found=rate, fix=_REPLACE)
    if channels > _MAX_CHANNELS:
        raise InputError(name, f"must have at most {_MAX_CHANNELS} channels", found=channels, fix=_REPLACE)


def _filter_length(rate: int, new_rate: int) -> int:
    """Samples before and after a sample that resampling looks at: ten on each side, of the lower rate."""
    return 20 * max(1, ceil(rate / new_rate))


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """Resample a sound to another rate by a polyphase filter, which removes what the new rate cannot represent."""
    if rate == new_rate:
        return samples
    from scipy import signal

    divisor = gcd(rate, new_rate)
    return np.asarray(signal.resample_poly(samples, new_rate // divisor, rate // divisor), np.float32)


def fit_duration(samples: Samples, count: int) -> Samples:
    """The first ``count`` samples; silence follows where there are fewer."""
    if len(samples) >= count:
        return np.ascontiguousarray(samples[:count])
    return np.pad(samples, (0, count - len(samples)))

"""Reading of sound files of any format, rate and duration, and one message for each file that is none."""

import struct
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.media.sounds.sound_file import SoundFormat, decode_sound, read_sound

FORM = SoundFormat(8000, 0.5)


def tone(rate: int = 8000, seconds: float = 0.5, hertz: float = 440.0) -> NDArray[np.float32]:
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def encoded(samples: NDArray[np.float32], rate: int = 8000, form: str = "WAV", subtype: str | None = None) -> bytes:
    buffer = BytesIO()
    soundfile.write(buffer, samples, rate, format=form, subtype=subtype)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "subtype", "tolerance"),
    [("WAV", "PCM_16", 1e-4), ("WAV", "PCM_U8", 1e-2), ("WAV", "DOUBLE", 1e-6), ("FLAC", None, 1e-4)],
)
def test_formats_without_loss_give_what_was_written(form: str, subtype: str | None, tolerance: float) -> None:
    read = decode_sound(encoded(tone(), form=form, subtype=subtype), "x", FORM)
    np.testing.assert_allclose(read, tone(), atol=tolerance)


@pytest.mark.parametrize("form", ["OGG", "MP3"])
def test_formats_with_loss_give_the_same_tone(form: str) -> None:
    read = decode_sound(encoded(tone(16000), 16000, form), "x", SoundFormat(16000, 0.5))
    spectrum = np.abs(np.fft.rfft(read))
    assert abs(int(spectrum.argmax()) - 220) <= 1  # 440 Hz in half a second


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 4000])
def test_another_rate_is_resampled_without_a_shift(rate: int) -> None:
    read = decode_sound(encoded(tone(rate), rate, subtype="FLOAT"), "x", FORM)
    assert (read.shape, read.dtype) == ((4000,), np.float32)
    np.testing.assert_allclose(read[400:-400], tone()[400:-400], atol=0.01)


def test_what_the_new_rate_cannot_represent_is_removed() -> None:
    read = decode_sound(encoded(tone(44100, hertz=9000), 44100), "x", FORM)
    assert np.abs(read[400:-400]).max() < 0.01


def test_channels_are_averaged_and_durations_are_cut_or_filled_with_silence() -> None:
    stereo = np.stack((tone(), -tone()), axis=1)
    assert np.abs(decode_sound(encoded(stereo), "x", FORM)).max() < 1e-4
    short, long = tone(seconds=0.1), tone(seconds=3)
    read = decode_sound(encoded(short, subtype="FLOAT"), "x", FORM)
    np.testing.assert_array_equal(read, np.pad(short, (0, 3200)))
    np.testing.assert_array_equal(decode_sound(encoded(long, subtype="FLOAT"), "x", FORM), long[:4000])


def test_the_part_that_is_kept_does_not_depend_on_what_follows() -> None:
    """A sound of hours is read as far as it is needed."""
    long, longer = (encoded(tone(22050, seconds), 22050, subtype="FLOAT") for seconds in (1.0, 2.0))
    np.testing.assert_array_equal(decode_sound(long, "x", FORM), decode_sound(longer, "x", FORM))


def test_a_truncated_wav_gives_what_is_there() -> None:
    data = encoded(tone())
    read = decode_sound(data[: len(data) // 2], "x", FORM)
    np.testing.assert_allclose(read[:1900], tone()[:1900], atol=1e-4)
    assert not read[2100:].any()


def wav_with(rate: int, channels: int = 1) -> bytes:
    """A WAV whose header says so, with a few samples."""
    frame = 2 * channels
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * frame % 2**32, frame, 16)
    body = (
        b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 10 * frame) + bytes(10 * frame)
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def nan_wav() -> bytes:
    return encoded(np.full(100, np.nan, np.float32), subtype="FLOAT")


ODD_SOUNDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.wav": (bytes, "the file is empty"),
    "header.wav": (lambda: encoded(tone())[:20], "must be a sound|no samples"),
    "no_samples.wav": (lambda: encoded(tone(seconds=0)), "no samples"),
    "truncated.flac": (lambda: encoded(tone(), form="FLAC")[:60], "must be a sound|no samples"),
    "text.wav": (lambda: b"not a sound", "must be a sound"),
    "picture.mp3": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(50), "must be a sound|no samples"),
    "fast.wav": (lambda: wav_with(2_000_000_000), "samples a second|must be a sound"),
    "channels.wav": (lambda: wav_with(8000, 500), "at most 64 channels"),
    "nan.wav": (nan_wav, "no numbers"),
}


@pytest.mark.parametrize("name", ODD_SOUNDS)
def test_an_odd_file_is_refused_with_one_message_that_names_it(name: str, tmp_path: Path) -> None:
    make, message = ODD_SOUNDS[name]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(InputError, match=message) as caught:
        read_sound(path, FORM)
    assert caught.value.problem.path == str(path)
    assert caught.value.problem.fix


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(EnvironmentFault, match="libsndfile does not load"):
        decode_sound(b"", "x", FORM)

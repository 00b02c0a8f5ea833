"""Made-up short sounds: tones, chords, sweeps and noises, each at a pitch."""

import numpy as np
from numpy.typing import NDArray

from mtl_core.datasets.bundled_opener import BundledOpener, bundled_source, class_column, digest_of, number_column
from mtl_core.datasets.source import Source, Waveforms
from mtl_core.spec.data.bundled import BundledSet
from mtl_core.spec.data.splits import GeneratedRowsSplit

COUNT = 800
RATE = 8000
SAMPLES = 4000
KINDS = ("beeps", "noise", "sweep", "tone")
_LOW, _HIGH = 48.0, 84.0
"""Range of pitches as MIDI note numbers: 131 to 1047 Hz."""
_HISS = 0.005

Floats = NDArray[np.float64]


def generate_sounds(rows: int = COUNT, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64], Floats]:
    """Generate sounds; equal seeds give equal sounds.

    Returns:
        Waveforms ``[N, 4000]`` of -1…1, ``[N]`` indices into :data:`KINDS`, and ``[N]`` pitches as MIDI note numbers.
    """
    rng = np.random.default_rng(seed)
    kinds = rng.permutation(np.arange(rows, dtype=np.int64) % len(KINDS))
    pitch = np.round(rng.uniform(_LOW, _HIGH, rows), 2)
    time = np.arange(SAMPLES) / RATE
    hertz = note_hertz(pitch)[:, None]
    phase = 2 * np.pi * (hertz * time + rng.uniform(0, 1, (rows, 1)))
    waves = np.sin(phase) + 0.3 * np.sin(2 * phase)
    of_kind = [kinds == code for code in range(len(KINDS))]
    waves[of_kind[0]] *= time % 0.125 < 0.06
    waves[of_kind[1]] = np.sin(phase[of_kind[1]] + _random_walk(rng, int(of_kind[1].sum())))
    sweep = hertz[of_kind[2]] * (time + (time - 0.25) ** 2)  # from half the pitch to one and a half of it
    waves[of_kind[2]] = np.sin(2 * np.pi * sweep)
    waves *= rng.uniform(0.2, 0.6, (rows, 1)) / 1.3
    waves += rng.normal(0, _HISS, waves.shape)
    return np.clip(waves, -1, 1).astype(np.float32), kinds, pitch


def note_hertz(note: Floats) -> Floats:
    """The frequency of MIDI note numbers: 440 Hz for 69, twice as much 12 further."""
    hertz: Floats = 440 * 2 ** ((note - 69) / 12)
    return hertz


def _random_walk(rng: np.random.Generator, rows: int) -> Floats:
    """Phases ``[rows, samples]`` that wander, which spreads a tone to a narrow band of noise."""
    return np.cumsum(rng.normal(0, 0.5, (rows, SAMPLES)), axis=1)


def _open(entry: BundledSet, _: GeneratedRowsSplit) -> Source:
    waves, kinds, pitch = generate_sounds()
    columns = {"kind": class_column("kind", kinds, KINDS), "pitch": number_column("pitch", pitch)}
    return bundled_source(entry, columns, digest_of((waves, kinds, pitch)), sounds={"sound": Waveforms(waves, RATE)})


OPENER = BundledOpener(_open)

"""Inputs that are sounds."""

from typing import ClassVar, Literal

from mtl_core.spec.augmentation import SoundAugmentation
from mtl_core.spec.base import field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.tasks import Column


class SoundInput(BaseInput):
    """A sound as a log-mel spectrogram: 1 × mel bands × windows, a picture of which frequencies sound when.

    Or as its waveform: 1 × samples, as models such as Wav2Vec2 read it.
    """

    title: ClassVar[str] = "Sound"
    kind: Literal["sound"] = "sound"
    column: Column = field(help="The column of the paths of the files.", widget="column")
    rate: int = field(16_000, "To which sounds are resampled.", ge=1000, le=192_000, unit="samples/s", scale="log")
    seconds: float = field(
        2.0, "Duration: longer sounds are cut at the end, shorter ones are followed by silence.", gt=0, le=600, unit="s"
    )
    form: Literal["spectrogram", "waveform"] = field(
        "spectrogram",
        "A log-mel spectrogram; or the samples themselves, for which bands and windows do not matter.",
        title="Read as",
    )
    mels: int = field(64, "Bands of frequency of a spectrogram.", ge=2, le=512)
    window: float = field(25.0, "Length of a window.", gt=1, le=1000, unit="ms", advanced=True)
    hop: float = field(10.0, "Time from one window to the next.", gt=0.5, le=1000, unit="ms", advanced=True)
    augmentation: tuple[SoundAugmentation, ...] = field(
        (), "Random masks of the spectrograms in training, in this order; each epoch draws new ones."
    )

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

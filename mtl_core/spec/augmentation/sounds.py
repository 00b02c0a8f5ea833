"""Kinds of random changes of sounds (Park et al. 2019, SpecAugment)."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class TimeMask(Spec):
    """Silence random spans of time of the spectrogram."""

    title: ClassVar[str] = "Time mask"
    kind: Literal["time_mask"] = "time_mask"
    count: int = field(1, "Number of spans.", ge=1, le=20)
    length: float = field(0.1, "The longest span, as a share of the duration.", gt=0, le=1)


class FrequencyMask(Spec):
    """Silence random bands of frequencies of the spectrogram."""

    title: ClassVar[str] = "Frequency mask"
    kind: Literal["frequency_mask"] = "frequency_mask"
    count: int = field(1, "Number of bands.", ge=1, le=20)
    width: float = field(0.15, "The widest band, as a share of the mel bands.", gt=0, le=1)

"""Random changes of pictures and sounds in training, so that a model does not learn the training rows by heart."""

from typing import Annotated

from pydantic import Field

from mtl_core.spec.augmentation.images import (
    ColorJitter,
    Cutout,
    HorizontalFlip,
    MixUp,
    RandomCrop,
    Rotation,
    VerticalFlip,
)
from mtl_core.spec.augmentation.sounds import FrequencyMask, TimeMask

ImageAugmentation = Annotated[
    RandomCrop | HorizontalFlip | VerticalFlip | Rotation | ColorJitter | Cutout | MixUp, Field(discriminator="kind")
]
SoundAugmentation = Annotated[TimeMask | FrequencyMask, Field(discriminator="kind")]

__all__ = [
    "ColorJitter",
    "Cutout",
    "FrequencyMask",
    "HorizontalFlip",
    "ImageAugmentation",
    "MixUp",
    "RandomCrop",
    "Rotation",
    "SoundAugmentation",
    "TimeMask",
    "VerticalFlip",
]

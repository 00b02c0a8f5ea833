"""Kinds of random changes of pictures."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class ImageChange(Spec):
    """Base class of the random changes of pictures.

    Attributes:
        is_geometric: Whether it moves what is in a picture, so that boxes and maps of pixels no longer fit.
    """

    is_geometric: ClassVar[bool] = False


class RandomCrop(ImageChange):
    """Move the picture by a few pixels: it is padded at each edge and cut to its size at a random place."""

    title: ClassVar[str] = "Random crop"
    is_geometric: ClassVar[bool] = True
    kind: Literal["random_crop"] = "random_crop"
    padding: int = field(4, "Pixels that are added at each edge before the crop.", ge=1, le=512, unit="pixels")
    fill: Literal["reflection", "black"] = field("reflection", "What the added pixels show.", advanced=True)


class HorizontalFlip(ImageChange):
    """Mirror the picture left to right."""

    title: ClassVar[str] = "Horizontal flip"
    is_geometric: ClassVar[bool] = True
    kind: Literal["horizontal_flip"] = "horizontal_flip"
    p: float = field(0.5, "Share of the pictures that are mirrored.", gt=0, le=1, widget="slider")


class VerticalFlip(ImageChange):
    """Mirror the picture top to bottom, which suits pictures without an upside, such as those from above."""

    title: ClassVar[str] = "Vertical flip"
    is_geometric: ClassVar[bool] = True
    kind: Literal["vertical_flip"] = "vertical_flip"
    p: float = field(0.5, "Share of the pictures that are mirrored.", gt=0, le=1, widget="slider")


class Rotation(ImageChange):
    """Turn the picture around its center by a random angle; what lies outside of it is black."""

    title: ClassVar[str] = "Rotation"
    is_geometric: ClassVar[bool] = True
    kind: Literal["rotation"] = "rotation"
    degrees: float = field(10.0, "The largest angle, to either side.", gt=0, le=180, unit="°")


class ColorJitter(ImageChange):
    """Change brightness, contrast and saturation by random factors, the same for all pixels of a picture."""

    title: ClassVar[str] = "Color jitter"
    kind: Literal["color_jitter"] = "color_jitter"
    brightness: float = field(0.2, "The largest change of the factor of brightness, which is 1 without it.", ge=0, le=1)
    contrast: float = field(0.2, "The largest change of the factor of contrast.", ge=0, le=1)
    saturation: float = field(0.2, "The largest change of the factor of saturation, of color pictures.", ge=0, le=1)


class Cutout(ImageChange):
    """Cover a square at a random place with gray (DeVries and Taylor 2017, cutout)."""

    title: ClassVar[str] = "Cutout"
    kind: Literal["cutout"] = "cutout"
    p: float = field(0.5, "Share of the pictures that have one.", gt=0, le=1, widget="slider")
    size: float = field(0.3, "Side of the square, as a share of the shorter side of the picture.", gt=0, le=1)


class MixUp(ImageChange):
    """Mix each picture with another one of its batch, and the losses of both labels in the same shares.

    It comes after the other changes and needs tasks whose losses can be mixed (Zhang et al. 2018, mixup).
    """

    title: ClassVar[str] = "Mix-up"
    kind: Literal["mix_up"] = "mix_up"
    alpha: float = field(
        0.2,
        "The share of a picture is drawn from the beta distribution with this parameter, twice: near 0 one of both "
        "pictures prevails, at 1 all shares are as likely.",
        gt=0,
        le=10,
    )

"""Inputs that are pictures."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.augmentation import ImageAugmentation, MixUp
from mtl_core.spec.base import field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.tasks import Column

Side = Annotated[int, Field(ge=1, le=4096)]


class ImageInput(BaseInput):
    """A picture: channels × height × width."""

    title: ClassVar[str] = "Image"
    kind: Literal["image"] = "image"
    column: Column = field(help="The column of the pictures, or of the paths of their files.", widget="column")
    size: tuple[Side, Side] = field(
        (64, 64), "Height and width to which the pictures of files are resized.", unit="pixels"
    )
    channels: Literal[1, 3, 4] = field(3, "Of pictures of files: 1 for gray, 3 for color, 4 for color and opacity.")
    fit: Literal["crop", "pad", "stretch"] = field(
        "crop",
        "What happens to a picture of another shape: its longer side is cut off at both ends, its shorter side gets "
        "black edges, or it is distorted.",
    )
    augmentation: tuple[ImageAugmentation, ...] = field(
        (), "Random changes of the pictures in training, in this order; each epoch draws new ones."
    )

    @property
    def mix_up(self) -> MixUp | None:
        """How pictures are mixed in training; None if they are not."""
        return next((change for change in self.augmentation if isinstance(change, MixUp)), None)

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

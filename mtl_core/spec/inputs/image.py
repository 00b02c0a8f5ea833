"""Inputs that are pictures."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.tasks import Column


class ImageInput(BaseInput):
    """A picture: channels × height × width."""

    title: ClassVar[str] = "Image"
    kind: Literal["image"] = "image"
    column: Column = field(help="The column of the pictures, or of the paths of their files.", widget="column")

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its column."""
        return (self.column,)

"""The kinds of input: what a model reads, each from its columns of the data.

A kind is registered here, in :data:`Input`, and nowhere else; its module in :mod:`mtl_core.datasets.inputs` is found by
its kind.
"""

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from mtl_core.spec.inputs.base import BaseInput, InputName, presence_key
from mtl_core.spec.inputs.column_encodings import (
    Logarithmic,
    MinMax,
    NumericInputs,
    OneHot,
    PiecewiseLinear,
    QuantileNormal,
    Robust,
    Standardized,
)
from mtl_core.spec.inputs.image import ImageInput
from mtl_core.spec.inputs.sound import SoundInput
from mtl_core.spec.inputs.table import TableInput
from mtl_core.spec.inputs.text import TextInput, TextSpec
from mtl_core.spec.tasks import Column

Input = Annotated[TableInput | TextInput | ImageInput | SoundInput, Field(discriminator="kind")]

NamedInputs = dict[InputName, Input]
"""Inputs by name, in the order in which the fusion reads them."""


def _form(inputs: Any) -> str:
    return "inputs by name" if isinstance(inputs, dict) else "list of columns"


Inputs = Annotated[
    Annotated[tuple[Column, ...], Tag("list of columns")] | Annotated[NamedInputs, Tag("inputs by name")],
    Discriminator(_form),
]
"""Inputs by name; or, as the short form of one input, the columns of a table, or a text alone."""

__all__ = [
    "BaseInput",
    "ImageInput",
    "Input",
    "InputName",
    "Inputs",
    "Logarithmic",
    "MinMax",
    "NamedInputs",
    "NumericInputs",
    "OneHot",
    "PiecewiseLinear",
    "QuantileNormal",
    "Robust",
    "SoundInput",
    "Standardized",
    "TableInput",
    "TextInput",
    "TextSpec",
    "presence_key",
]

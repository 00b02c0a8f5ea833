"""Inputs that are columns of a table, and how their numbers become features."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.tasks import Column


class Standardized(Spec):
    """The number, with mean 0 and standard deviation 1."""

    title: ClassVar[str] = "Standardized"
    kind: Literal["standardized"] = "standardized"


class PiecewiseLinear(Spec):
    """The standardized number, and how far it reaches into each of some bins.

    The bins of a column hold about as many training rows each. What a layer makes of these features can bend at each
    edge between bins, so that one layer fits what would take several. Piecewise linear encoding (Gorishniy, Rubachev
    and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning, 2022), here with each feature
    standardized and all features of a column together of variance 1, so that it weighs as much as without bins.
    """

    title: ClassVar[str] = "Piecewise linear"
    kind: Literal["piecewise_linear"] = "piecewise_linear"
    bins: int = field(
        4, "Bins of each column; fewer where many rows have the same number. Few bins generalize better.", ge=2, le=64
    )


NumericInputs = Annotated[Standardized | PiecewiseLinear, Field(discriminator="kind")]


def numeric_inputs_field() -> NumericInputs:
    """A field for how numbers become features."""
    default: NumericInputs = field(Standardized(), "How a numeric input column becomes inputs of the model.")
    return default


class TableInput(BaseInput):
    """Numbers and categories: some columns side by side as one row of features."""

    title: ClassVar[str] = "Table"
    kind: Literal["table"] = "table"
    columns: tuple[Column, ...] = field(help="The columns.", widget="columns", min_length=1)
    numeric_inputs: NumericInputs = numeric_inputs_field()

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its columns."""
        return self.columns

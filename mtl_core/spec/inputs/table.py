"""Inputs that are columns of a table."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.inputs.base import BaseInput
from mtl_core.spec.inputs.column_encodings import NumericInputs, OneHot, categorical_inputs_field, numeric_inputs_field
from mtl_core.spec.tasks import Column


class TableInput(BaseInput):
    """Numbers and categories: some columns side by side as one row of features."""

    title: ClassVar[str] = "Table"
    kind: Literal["table"] = "table"
    columns: tuple[Column, ...] = field(help="The columns.", widget="columns", min_length=1)
    numeric_inputs: NumericInputs = numeric_inputs_field()
    categorical_inputs: OneHot = categorical_inputs_field()

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Its columns."""
        return self.columns

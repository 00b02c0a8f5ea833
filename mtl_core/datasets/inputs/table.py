"""Inputs that are columns of a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mtl_core.datasets.features import apply_inputs, fit_inputs, read_encoded_column, table_shape
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, SpecInput
from mtl_core.datasets.source import Source
from mtl_core.spec import InputError, TableInput
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.column_lookup import find_column


class TableReader:
    """Columns of a table, read as one row of features.

    Args:
        spec_input: The input; its columns are numbers and categories.
        source: The data.
    """

    tokens = None

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, TableInput)
        self._place, self._spec, self._source = spec_input, spec_input.spec, source
        names = self._spec.columns
        self._columns = [
            find_column(source.columns, column, spec_input.column_path(index))
            for index, name in enumerate(names)
            for column in source.expand([name])
        ]
        _check_types(spec_input, self._columns)

    def fit(self, rows: Rows) -> FittedInput:
        """Fit the encoder of each column, and encode all rows."""
        columns = self._columns
        source, spec = self._source, self._spec
        how = (source.missing_texts, spec.numeric_inputs, source.date_features)
        encoders, notes = fit_inputs(columns, rows, *how, categorical=spec.categorical_inputs)
        matrix = apply_inputs(encoders, {column.name: column for column in columns}, self._source.rows)
        if not matrix.shape[1]:
            raise InputError(self._place.path, "no input column has a value in the training rows")
        present = np.any([column.present for column in columns], axis=0)
        return FittedInput(matrix, {"kind": "table", "inputs": encoders}, notes, present)


def _check_types(spec_input: SpecInput, columns: Sequence[Column]) -> None:
    for index, column in enumerate(columns):
        if column.type == "text":
            fix = "Give it an input of its own, of kind text, or set its type to categorical."
            raise InputError(
                spec_input.column_path(index), "a text is no column of a table input", found=repr(column.name), fix=fix
            )


def _read_new(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    return {encoder["name"]: read_encoded_column(encoder, frame) for encoder in preprocessing["inputs"]}


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    rows = len(next(iter(columns.values())).numbers)
    return torch.from_numpy(apply_inputs(preprocessing["inputs"], columns, rows))


KIND = InputKind(TableReader, _read_new, _transform, lambda preprocessing: table_shape(preprocessing["inputs"]))

"""Inputs that are texts."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from mtl_core.datasets.features import read_new_column
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, SpecInput
from mtl_core.datasets.source import Source
from mtl_core.spec import InputError, TextInput
from mtl_core.tabular.column import Column, Rows
from mtl_core.tabular.column_lookup import find_column
from mtl_core.tabular.text.vocabulary import Tokens, apply_text, fit_text, read_tokens, transform_text


class TextReader:
    """A column of texts, read as the numbers of its tokens.

    Args:
        spec_input: The input.
        source: The data.
    """

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, TextInput)
        self._place, self._spec = spec_input, spec_input.spec
        column = find_column(source.columns, self._spec.column, spec_input.column_path(0))
        if column.type != "text":
            fix = f"Set dataset.types.{column.name} to text, or make it a column of a table input."
            rule = f"must be a column read as text; it is read as {column.type}"
            raise InputError(spec_input.column_path(0), rule, found=repr(column.name), fix=fix)
        self._column = column
        self.tokens: Tokens = read_tokens(column, self._spec)

    def fit(self, rows: Rows) -> FittedInput:
        """Fit the vocabulary, and encode all rows."""
        text, notes = fit_text(self.tokens, rows, self._spec, self._place.setting_path())
        if not (self.tokens.codes[rows] >= 0).any():
            rule = "no text has a token in the training rows"
            raise InputError(self._place.path, rule, found=repr(self.tokens.column))
        return FittedInput(apply_text(text, self.tokens), text, notes, self._column.present)


def _read_new(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    name = preprocessing["column"]
    return {name: read_new_column(frame, name, "text")}


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    return torch.from_numpy(transform_text(preprocessing, columns[preprocessing["column"]]))


KIND = InputKind(TextReader, _read_new, _transform)

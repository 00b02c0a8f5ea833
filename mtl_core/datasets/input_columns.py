"""The input columns of a model by its preprocessing, and a single new row from values by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from mtl_core.datasets.inputs.registry import KINDS, input_preprocessing
from mtl_core.datasets.new_rows import NewRows, has_own_pictures
from mtl_core.errors import InputError, shorten
from mtl_core.protocol.predictions import Cell, FieldKind
from mtl_core.tabular.column import Encoder
from mtl_core.text import close_matches, did_you_mean


@dataclass(frozen=True)
class InputColumn:
    """A column that an input reads.

    Attributes:
        name: Its name.
        input: The input.
        kind: What its values are.
        encoders: How it becomes features; none of a text or of files.
    """

    name: str
    input: str
    kind: FieldKind
    encoders: tuple[Encoder, ...] = ()


def input_columns(preprocessing: Mapping[str, Any]) -> tuple[InputColumn, ...]:
    """Return the columns that the inputs of a model read, in their order.

    Args:
        preprocessing: That of the training data.

    Raises:
        InputError: An input is no column, such as pictures that come with a data set.
    """
    if has_own_pictures(preprocessing):
        rule = "the model reads pictures that come with its data set, which no file or form has"
        raise InputError("inputs", rule, fix="The predictions for that data are on Evaluate, and of predict --split.")
    columns: dict[str, InputColumn] = {}
    for name, values in input_preprocessing(preprocessing).items():
        if values["kind"] != "table":
            columns[values["column"]] = InputColumn(values["column"], name, values["kind"])
            continue
        for encoder in values["inputs"]:
            known = columns.get(encoder["name"])  # a date has an encoder for each of its parts
            encoders = (*known.encoders, encoder) if known else (encoder,)
            columns[encoder["name"]] = InputColumn(encoder["name"], name, _field_kind(encoder), encoders)
    return tuple(columns.values())


def _field_kind(encoder: Encoder) -> FieldKind:
    if "part" in encoder or encoder.get("cells", {}).get("dates"):
        return "date"
    return "number" if encoder["type"] == "numeric" else "category"


def new_row(cells: Mapping[str, Cell], preprocessing: Mapping[str, Any]) -> NewRows:
    """Read a single row from its values by column, as the row of a file; a column without a value is missing.

    Args:
        cells: Texts as a file has them, numbers, or None.
        preprocessing: That of the training data.

    Raises:
        InputError: The model does not read a column.
    """
    kinds = {column.name: column.kind for column in input_columns(preprocessing)}
    if unknown := [name for name in cells if name not in kinds]:
        known = f"The model reads {shorten(', '.join(kinds))}."
        close = close_matches(unknown[0], kinds)
        fix = f"{did_you_mean(close)} {known}" if close else known
        raise InputError("row", "the model does not read this column", found=unknown[0], fix=fix)
    frame = pd.DataFrame({name: _series(cells.get(name), kind) for name, kind in kinds.items()})
    fitted = input_preprocessing(preprocessing)
    columns = {name: KINDS[values["kind"]].read_new(values, frame) for name, values in fitted.items()}
    return NewRows(fitted, columns)


def _series(cell: Cell, kind: FieldKind) -> "pd.Series[Any]":
    if kind in ("image", "sound") and isinstance(cell, str) and cell:
        cell = str(Path(cell).expanduser().absolute())
    if isinstance(cell, str) or cell is None:
        return pd.Series([cell or ""], dtype=object)
    return pd.Series([float(cell)])

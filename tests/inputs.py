"""The mapping of a model's inputs: where a test has only one, and of rows that a test has in memory."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from torch import Tensor

from mtl_core.datasets.inputs.registry import KINDS, input_preprocessing


def as_table(tensor: Tensor) -> dict[str, Tensor]:
    """The mapping of the only input, as the short form of a spec names it."""
    return {"table": tensor}


def only(inputs: Mapping[str, Tensor]) -> Tensor:
    """The only input of a mapping."""
    (tensor,) = inputs.values()
    return tensor


def transform_inputs(preprocessing: Mapping[str, Any], rows: pd.DataFrame) -> dict[str, Tensor]:
    """The inputs of a frame, transformed as the training rows were."""
    fitted = input_preprocessing(preprocessing)
    kinds = {name: KINDS[values["kind"]] for name, values in fitted.items()}
    return {name: kinds[name].transform(values, kinds[name].read_new(values, rows)) for name, values in fitted.items()}

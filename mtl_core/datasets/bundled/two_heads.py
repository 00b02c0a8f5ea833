"""A made-up table: numbers and class probabilities that follow from the same hidden features."""

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import rounded_frame, table_opener
from mtl_core.spec.data.bundled import numbered


def two_heads(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Ten inputs, five numbers ``y1`` … and three probabilities ``p1`` …, both from the same hidden features."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 10))
    hidden = np.tanh(inputs @ rng.normal(size=(10, 8)) / np.sqrt(10))
    numbers = hidden @ rng.normal(size=(8, 5)) + 0.1 * rng.normal(size=(rows, 5))
    odds = np.exp(1.5 * hidden @ rng.normal(size=(8, 3)))
    columns = [*numbered("x", 10), *numbered("y", 5), *numbered("p", 3)]
    return rounded_frame([inputs, numbers, odds / odds.sum(1, keepdims=True)], columns)


OPENER = table_opener(two_heads)

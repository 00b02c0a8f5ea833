"""A made-up table: eight numbers that follow from the same few hidden features."""

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import rounded_frame, table_opener
from mtl_core.spec.data.bundled import numbered

HEADS = 8


def many_heads(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Twelve inputs and eight numbers ``y1`` …, each another mix of the same five hidden features."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 12))
    hidden = np.tanh(inputs @ rng.normal(size=(12, 5)) / np.sqrt(12))
    targets = hidden @ rng.normal(size=(5, HEADS)) + 0.1 * rng.normal(size=(rows, HEADS))
    return rounded_frame([inputs, targets], [*numbered("x", 12), *numbered("y", HEADS)])


OPENER = table_opener(many_heads)

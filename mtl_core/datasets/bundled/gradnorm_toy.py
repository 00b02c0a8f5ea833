"""The toy regression of the GradNorm paper (Chen et al. 2018): ten tasks of unlike scale."""

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import rounded_frame, table_opener
from mtl_core.spec.data.bundled import numbered

SCALES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
OUTPUTS = 10
_INPUTS = 25


def gradnorm_toy(rows: int = 2000, seed: int = 0) -> pd.DataFrame:
    """The toy regression of Chen et al. (GradNorm, 2018, section 4) at a tenth of its widths.

    Task i = 1…10 has the targets σ_i·tanh((B + ε_i)·x), columns ``i_1`` to ``i_10``: entries of the common B have
    variance 10 and those of each ε_i variance 3.5, as in the paper. Inputs are 25 instead of 250 and outputs 10
    instead of 100. The paper states neither the inputs' spread nor the scales σ: inputs are normal with variance
    1/25, which keeps the tanh between linear and saturated, and the scales are :data:`SCALES`.
    """
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, _INPUTS)) / np.sqrt(_INPUTS)
    shape = (_INPUTS, OUTPUTS)
    base = np.sqrt(10) * rng.normal(size=shape)
    targets = [scale * np.tanh(inputs @ (base + np.sqrt(3.5) * rng.normal(size=shape))) for scale in SCALES]
    target_columns = [column for i in range(len(SCALES)) for column in numbered(f"{i + 1}_", OUTPUTS)]
    return rounded_frame([inputs, *targets], [*numbered("x", _INPUTS), *target_columns])


OPENER = table_opener(gradnorm_toy)

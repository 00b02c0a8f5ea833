"""The toy problem of the CAGrad paper (Liu et al. 2021): two functions of two parameters."""

import numpy as np
import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener

START = (-8.5, 7.5)


def two_objectives(rows: int = 1000) -> pd.DataFrame:
    """Equal rows: a constant input and the starting point of the toy problem of Liu et al. (CAGrad, 2021).

    The input is 0 once it is standardized, so what a linear layer of two features gives is its bias: the two parameters
    of the problem, less the starting point.
    """
    return pd.DataFrame({"one": np.ones(rows), "start_1": np.full(rows, START[0]), "start_2": np.full(rows, START[1])})


OPENER = table_opener(two_objectives)

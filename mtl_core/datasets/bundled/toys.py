"""Made-up tables on which multi-task learning is studied; the same ones every time."""

import numpy as np
import pandas as pd

GRADNORM_SCALES = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0)
GRADNORM_WIDTH = 10
HEADS = 8
START = (-8.5, 7.5)
_GRADNORM_INPUTS = 25


def names(prefix: str, count: int) -> list[str]:
    """Columns numbered from 1: ``x1``, ``x2`` and so on."""
    return [f"{prefix}{i + 1}" for i in range(count)]


def two_heads(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Ten inputs, five numbers ``y1`` … and three probabilities ``p1`` …, both from the same hidden features."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 10))
    hidden = np.tanh(inputs @ rng.normal(size=(10, 8)) / np.sqrt(10))
    numbers = hidden @ rng.normal(size=(8, 5)) + 0.1 * rng.normal(size=(rows, 5))
    odds = np.exp(1.5 * hidden @ rng.normal(size=(8, 3)))
    columns = [*names("x", 10), *names("y", 5), *names("p", 3)]
    return _frame([inputs, numbers, odds / odds.sum(1, keepdims=True)], columns)


def gradnorm_toy(rows: int = 2000, seed: int = 0) -> pd.DataFrame:
    """The toy regression of Chen et al. (GradNorm, 2018, section 4) at a tenth of its widths.

    Task i = 1…10 has the targets σ_i·tanh((B + ε_i)·x), columns ``i_1`` to ``i_10``: entries of the common B have
    variance 10 and those of each ε_i variance 3.5, as in the paper. Inputs are 25 instead of 250 and outputs 10
    instead of 100. The paper states neither the inputs' spread nor the scales σ: inputs are normal with variance
    1/25, which keeps the tanh between linear and saturated, and the scales are :data:`GRADNORM_SCALES`.
    """
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, _GRADNORM_INPUTS)) / np.sqrt(_GRADNORM_INPUTS)
    shape = (_GRADNORM_INPUTS, GRADNORM_WIDTH)
    base = np.sqrt(10) * rng.normal(size=shape)
    targets = [scale * np.tanh(inputs @ (base + np.sqrt(3.5) * rng.normal(size=shape))) for scale in GRADNORM_SCALES]
    columns = [*names("x", _GRADNORM_INPUTS), *(n for i in range(10) for n in gradnorm_targets(i))]
    return _frame([inputs, *targets], columns)


def gradnorm_targets(task: int) -> list[str]:
    """The columns of a task of :func:`gradnorm_toy`, counted from 0."""
    return names(f"{task + 1}_", GRADNORM_WIDTH)


def many_heads(rows: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Twelve inputs and eight numbers ``y1`` …, each another mix of the same five hidden features."""
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 12))
    hidden = np.tanh(inputs @ rng.normal(size=(12, 5)) / np.sqrt(12))
    targets = hidden @ rng.normal(size=(5, HEADS)) + 0.1 * rng.normal(size=(rows, HEADS))
    return _frame([inputs, targets], [*names("x", 12), *names("y", HEADS)])


def two_objectives(rows: int = 1000) -> pd.DataFrame:
    """Equal rows: a constant input and the starting point of the toy problem of Liu et al. (CAGrad, 2021).

    The input is 0 once it is standardised, so what a linear layer of two features gives is its bias: the two parameters
    of the problem, less the starting point.
    """
    return pd.DataFrame({"one": np.ones(rows), "start_1": np.full(rows, START[0]), "start_2": np.full(rows, START[1])})


def _frame(parts: list[np.ndarray], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.round(np.concatenate(parts, axis=1), 6), columns=pd.Index(columns))

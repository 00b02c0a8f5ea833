"""Split-conformal intervals of predicted numbers, from the errors of a run on its validation rows."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from mtl_core.analysis.diagnostics.predictions import Floats, TaskPredictions
from mtl_core.errors import InputError

NUMBER_KINDS = ("regression", "count")
"""The kinds of task whose predictions get intervals."""
HalfWidths = Mapping[str, tuple[float | None, ...]]
"""By task, half of the width of the interval of each value; None where there are too few validation rows."""


def half_width(errors: Floats, level: float) -> float | None:
    """Return half of the width of a split-conformal interval (Vovk et al. 2005; Lei et al. 2018).

    That is the ⌈(n + 1) · level⌉-th smallest of n absolute errors. The interval around the prediction for a new row
    holds the true value with at least this probability, whatever the model, if the rows of the errors and the new one
    are exchangeable.

    Args:
        errors: ``[n]`` errors on rows that were not trained on, NaN where the true value is missing.
        level: The probability, between 0 and 1.

    Returns:
        The half width in the unit of the errors; None if there are too few errors for the level.
    """
    known = np.sort(np.abs(errors[np.isfinite(errors)]))
    rank = math.ceil(round((len(known) + 1) * level, 9))  # rounded, as 20 · 0.95 may be above 19 in floating point
    return float(known[rank - 1]) if 0 < rank <= len(known) else None


def half_widths(predictions: Sequence[TaskPredictions], kinds: Mapping[str, str], level: float) -> HalfWidths:
    """Return half of the width of the interval of each predicted number.

    Args:
        predictions: Those of the validation rows, by task.
        kinds: The kind of each task, by name.
        level: The share of true values that an interval is to hold.

    Raises:
        InputError: The level is not between 0 and 1.
    """
    check_level(level)
    return {
        task.task: tuple(half_width(task.targets[:, i] - task.predictions[:, i], level) for i in range(len(task.names)))
        for task in predictions
        if kinds[task.task] in NUMBER_KINDS
    }


def check_level(level: float) -> None:
    """Check the share of true values that an interval is to hold.

    Raises:
        InputError: It is not between 0 and 1.
    """
    if not 0 < level < 1:
        rule = "must be a share of true values between 0 and 1, both excluded"
        raise InputError("interval", rule, found=level, fix="Take 0.9 for an interval with 90 % of the true values.")

"""Transforms of numeric targets, such as their logarithm, and back; fitted on the training rows as plain data."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_core.spec import TargetInfo, TargetTransform
from mtl_core.tabular.column import HUGE
from mtl_core.tabular.values.numerals import Floats
from mtl_core.tasks.targets.normal_scores import normal_scores

_QUANTILES = 256
_RELATIVE_PRECISION = 1e-9
"""The standard deviation, relative to the numbers, below which these are all equal."""


def fit_target_transform(transform: TargetTransform, values: Floats) -> dict[str, Any]:
    """Fit the transform of a target, as fields of its :class:`TargetInfo`.

    Args:
        transform: Its kind.
        values: ``[n, W]``, those of the training rows, NaN where missing.
    """
    if transform != "quantile":
        return {"transform": transform}
    return {"transform": transform, "knots": tuple(_knots(column[np.isfinite(column)]) for column in values.T)}


def _knots(numbers: Floats) -> tuple[tuple[float, float], ...]:
    """Numbers and their normal scores.

    One more pair at either end, a standard deviation away, says how scores go on beyond the training rows: a transform
    that ended there could not be inverted for a row of another split.
    """
    if not len(numbers):
        return ((0.0, 0.0), (1.0, 1.0))
    values, scores = normal_scores(numbers, _QUANTILES)
    std, least = float(numbers.std()), _RELATIVE_PRECISION * float(np.abs(numbers).max())
    step = std if std > least else max(least, 1.0)  # one unit where all are equal, as without a transform
    ends = (values[0] - step, scores[0] - 1), (values[-1] + step, scores[-1] + 1)
    return (ends[0], *zip(values, scores, strict=True), ends[1])


def transform_values(info: TargetInfo, values: Tensor) -> Tensor:
    """Transform values ``[…, W]`` of a target from its unit; float64, not yet standardized."""
    if info.transform == "log":
        return values.sign() * values.abs().log1p()
    return _by_value(info, values, inverse=False) if info.knots else values


def inverse_transform_values(info: TargetInfo, values: Tensor) -> Tensor:
    """Transform values ``[…, W]`` back to the target's unit."""
    if info.transform == "log":
        size = values.abs().clamp(max=float(np.log1p(HUGE)))
        return values.sign() * size.expm1()
    return _by_value(info, values, inverse=True) if info.knots else values


def _by_value(info: TargetInfo, values: Tensor, *, inverse: bool) -> Tensor:
    columns = []
    for column, knots in zip(values.unbind(-1), info.knots, strict=True):
        numbers, scores = torch.tensor(knots, dtype=torch.float64, device=values.device).unbind(1)
        ends = (scores, numbers) if inverse else (numbers, scores)
        columns.append(_interpolate(column.contiguous(), *ends))
    return torch.stack(columns, dim=-1)


def _interpolate(x: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """Linear interpolation between points, and extrapolation beyond them."""
    xs, ys = xs.contiguous(), ys.contiguous()
    right = torch.searchsorted(xs, x).clamp(1, len(xs) - 1)
    left = right - 1
    return ys[left] + (x - xs[left]) * (ys[right] - ys[left]) / (xs[right] - xs[left])

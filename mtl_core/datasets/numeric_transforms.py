"""Transforms of numeric inputs, one for each kind: fitted on training rows as plain data, applied to any numbers."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from mtl_core.spec import Logarithmic, MinMax, NumericInputs, QuantileNormal, Robust
from mtl_core.tabular.column import HUGE, Encoder
from mtl_core.tabular.values.numerals import Floats
from mtl_core.tasks.targets.normal_scores import normal_scores, signed_log

_TINY = float(np.finfo(np.float64).tiny)


def fit_transform(numbers: Floats, spec: NumericInputs) -> Encoder:
    """Fit the transform of a column.

    Args:
        numbers: ``[n]``, those of the training rows, without missing ones.
        spec: The kind of transform, and its settings.
    """
    return {"transform": spec.kind, **_FITS[type(spec)](numbers, spec)}


def transform_numbers(encoder: Encoder, numbers: Floats) -> Floats:
    """Apply the transform from :func:`fit_transform` to the numbers of any rows."""
    features: Floats = _TRANSFORMS[encoder["transform"]](encoder, numbers)
    return features


def moments(numbers: Floats) -> tuple[float, float]:
    """Mean and standard deviation; the latter is exactly 0 where all numbers are equal but for rounding.

    The rule is that of scikit-learn's StandardScaler, which takes a second and a half to import.
    """
    mean, std = float(numbers.mean()), float(numbers.std())
    rounding = len(numbers) * np.finfo(np.float64).eps
    constant = std**2 <= rounding * std**2 + (rounding * mean) ** 2
    return mean, 0.0 if constant else std


def _fit_min_max(numbers: Floats, _: NumericInputs) -> Encoder:
    low, high = float(numbers.min()), float(numbers.max())
    return {"center": low, "scale": _scale_of(numbers, high - low)}


def _fit_robust(numbers: Floats, spec: NumericInputs) -> Encoder:
    """Center by the median, scale by the interquartile range, or by half the range where that is 0."""
    low, lower, median, upper, high = np.quantile(numbers, (0, 0.25, 0.5, 0.75, 1)).tolist()
    scale = _scale_of(numbers, upper - lower) or 2 * _scale_of(numbers, high - low)
    return {"center": median, "scale": scale, "clip": cast(Robust, spec).clip}


def _fit_logarithmic(numbers: Floats, _: NumericInputs) -> Encoder:
    logarithms = signed_log(numbers)
    mean, std = moments(logarithms)
    return {"center": mean, "scale": _scale_of(logarithms, std)}


def _fit_quantiles(numbers: Floats, spec: NumericInputs) -> Encoder:
    different = numbers if moments(numbers)[1] else numbers[:1]
    values, scores = normal_scores(different, cast(QuantileNormal, spec).quantiles)
    return {"values": values, "scores": scores}


def _scale_of(numbers: Floats, width: float) -> float:
    """1 / width; 0 if that is 0, or all numbers are equal but for rounding: then all become 0."""
    return 1 / width if width > _TINY and moments(numbers)[1] else 0.0


def _scale(encoder: Encoder, numbers: Floats) -> Floats:
    with np.errstate(over="ignore"):
        scaled: Floats = np.clip((numbers - encoder["center"]) * encoder["scale"], -HUGE, HUGE)
    return scaled


def _clip_smoothly(encoder: Encoder, numbers: Floats) -> Floats:
    scaled, clip = _scale(encoder, numbers), encoder["clip"]
    return scaled if clip is None else scaled / np.hypot(1, scaled / clip)


_FITS: Mapping[type, Callable[[Floats, NumericInputs], Encoder]] = {
    MinMax: _fit_min_max,
    Robust: _fit_robust,
    Logarithmic: _fit_logarithmic,
    QuantileNormal: _fit_quantiles,
}
_TRANSFORMS: Mapping[str, Callable[[Encoder, Floats], Any]] = {
    "min_max": _scale,
    "robust": _clip_smoothly,
    "logarithmic": lambda encoder, numbers: _scale(encoder, signed_log(numbers)),
    "quantile_normal": lambda encoder, numbers: np.interp(numbers, encoder["values"], encoder["scores"]),
}

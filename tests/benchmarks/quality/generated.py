"""Generated tables with what tells models of tables apart: interactions, heavy tails, categories, steps, few rows."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.random import Generator
from sklearn.datasets import load_digits

Frame = pd.DataFrame


def _interactions(rng: Generator) -> Frame:
    """Friedman's first function and one like his second, with noise, and a class that depends on a product."""
    x = rng.uniform(0, 1, (2000, 10))
    first = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    second = np.hypot(4 * x[:, 5], 3 * x[:, 0] * x[:, 6] - x[:, 1])
    high = (x[:, 0] - 0.5) * (x[:, 5] - 0.5) + 0.3 * (x[:, 2] - 0.5) + rng.normal(0, 0.04, len(x)) > 0
    frame = _numbered(x)
    frame["first"] = first + rng.normal(0, 1, len(x))
    frame["second"] = second + rng.normal(0, 0.3, len(x))
    frame["high"] = np.where(high, "yes", "no")
    return frame


def _heavy_tails(rng: Generator) -> Frame:
    """Log-normal and Cauchy inputs; a turnover and a cost over several orders of magnitude, and whether one is late."""
    sizes = rng.lognormal(0, 1.5, (1500, 4))
    jumps = rng.standard_cauchy((1500, 2))
    effort = np.log(sizes)
    frame = _numbered(np.column_stack([sizes, jumps, rng.normal(size=(1500, 2))]))
    turns = np.arctan(jumps)
    frame["turnover"] = np.exp(0.8 * effort[:, 0] + 0.4 * effort[:, 1] + 0.3 * turns[:, 0] + _noise(rng, 0.3, 1500))
    frame["cost"] = np.exp(0.5 * effort[:, 0] - 0.5 * effort[:, 2] + 0.2 * effort[:, 3] + _noise(rng, 0.3, 1500))
    late = effort[:, 3] - effort[:, 1] + turns[:, 1] + _noise(rng, 0.5, 1500) > 0
    frame["late"] = np.where(late, "late", "in time")
    return frame


def _categories(rng: Generator) -> Frame:
    """Columns of 4, 30 and 200 categories with effects of their own, and numbers with missing cells."""
    rows = 3000
    levels = {"region": 4, "branch": 30, "product": 200}
    codes = {name: rng.integers(0, count, rows) for name, count in levels.items()}
    effects = {name: rng.normal(0, 1, count)[codes[name]] for name, count in levels.items()}
    numbers = rng.normal(0, 1, (rows, 3))
    slope = rng.normal(0, 1, 4)[codes["region"]]
    frame = _numbered(np.where(rng.random((rows, 3)) < 0.1, np.nan, numbers))
    for name in levels:
        frame[name] = [f"{name} {code}" for code in codes[name]]
    frame["price"] = 10 + sum(effects.values()) + slope * numbers[:, 0] + _noise(rng, 0.7, rows)
    frame["demand"] = effects["product"] - effects["branch"] + numbers[:, 1] + _noise(rng, 0.7, rows)
    score = effects["region"] + effects["product"] + numbers[:, 2] + _noise(rng, 0.7, rows)
    frame["grade"] = np.array(["C", "B", "A"])[np.digitize(score, [-1, 1])]
    return frame


def _few_rows(rng: Generator) -> Frame:
    """Eighty rows of twelve correlated numbers that measure three hidden ones, which decide both targets."""
    hidden = rng.normal(size=(80, 3))
    frame = _numbered(hidden @ rng.normal(size=(3, 12)) + _noise(rng, 0.7, (80, 12)))
    frame["yield"] = hidden @ [2, -1, 0.5] + _noise(rng, 0.5, 80)
    frame["healthy"] = np.where(hidden[:, 0] + hidden[:, 2] + _noise(rng, 0.5, 80) > 0, "yes", "no")
    return frame


def _steps(rng: Generator) -> Frame:
    """Targets that jump at thresholds of a few of many inputs, as trees have it."""
    x = rng.normal(size=(2000, 12))
    a, b, c, d = (x[:, i] > threshold for i, threshold in enumerate((0, 0.5, -0.5, 0.3)))
    frame = _numbered(x)
    frame["level"] = 2.0 * a + 3 * (b & c) - 2 * (c & ~d) + _noise(rng, 0.5, 2000)
    frame["rate"] = 1.0 * (a ^ d) + 1.5 * b + _noise(rng, 0.5, 2000)
    frame["passed"] = np.where(((a & c) | (b & d)) ^ (rng.random(len(x)) < 0.05), "yes", "no")
    return frame


def _digits(_: Generator) -> Frame:
    """The handwritten digits of scikit-learn as 64 numbers; the digit, and whether it has a loop."""
    bunch = load_digits()
    frame = pd.DataFrame(bunch.data.astype(int), columns=[f"pixel {i}" for i in range(64)])
    frame["digit"] = [f"digit {digit}" for digit in bunch.target]
    frame["loop"] = np.where(np.isin(bunch.target, [0, 6, 8, 9]), "yes", "no")
    return frame


def _noise(rng: Generator, size: float, shape: int | tuple[int, ...]) -> np.ndarray:
    return rng.normal(0, size, shape)


def _numbered(values: np.ndarray) -> Frame:
    return pd.DataFrame(values, columns=[f"x{i + 1}" for i in range(values.shape[1])])


GENERATED: Mapping[str, tuple[Callable[[Generator], Frame], tuple[str, ...]]] = {
    "interactions": (_interactions, ("first", "second", "high")),
    "heavy tails": (_heavy_tails, ("turnover", "cost", "late")),
    "categories": (_categories, ("price", "demand", "grade")),
    "few rows": (_few_rows, ("yield", "healthy")),
    "steps": (_steps, ("level", "rate", "passed")),
    "digits": (_digits, ("digit", "loop")),
}
"""What makes a table, and its targets; ``digits`` is not generated, but no table either."""

"""Key of a series of a run: task, split and metric."""

import math
from typing import Literal, NamedTuple, get_args

SplitName = Literal["train", "val", "test"]
SPLITS: tuple[SplitName, ...] = get_args(SplitName)

Direction = Literal["min", "max", ""]
"""Which values of a series are better: the lowest, the highest, or ``""`` where neither end is."""


class SeriesKey(NamedTuple):
    """The key of one series of a run, e.g. ``SeriesKey("left", "val", "accuracy")``.

    Attributes:
        task: Name of the task, ``"total"`` for the total loss, or ``""`` for what belongs to no task (the learning
            rate).
        split: A :data:`SplitName`.
        metric: ``"loss"``, ``"weight"``, ``"lr"``, ``"accuracy"``, …
    """

    task: str
    split: str
    metric: str


def relative_change(value: float, baseline: float, better: Direction) -> float:
    """Return the change relative to a baseline, positive if better; NaN for a baseline of 0."""
    if baseline == 0 or not (math.isfinite(value) and math.isfinite(baseline)):
        return math.nan
    change = (value - baseline) / abs(baseline)
    return change if better == "max" else -change

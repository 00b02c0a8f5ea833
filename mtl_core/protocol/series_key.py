"""The key of a series of a run, and which end of a series is better."""

from typing import Literal, NamedTuple

Direction = Literal["min", "max", ""]
"""Which values of a series are better: the lowest, the highest, or ``""`` where neither end is."""


class SeriesKey(NamedTuple):
    """The key of one series of a run, e.g. ``SeriesKey("left", "val", "accuracy")``.

    Attributes:
        task: Name of the task, ``"total"`` for the total loss, or ``""`` for what belongs to no task (the learning
            rate).
        split: ``"train"``, ``"val"`` or ``"test"``.
        metric: ``"loss"``, ``"weight"``, ``"lr"``, ``"accuracy"``, …
    """

    task: str
    split: str
    metric: str

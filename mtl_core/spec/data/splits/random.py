"""The random split."""

from typing import ClassVar, Literal

from mtl_core.spec.data.splits.base import SharesSplit, seed_field, tasks_field
from mtl_core.spec.tasks import Task


class RandomSplit(SharesSplit):
    """At random, whatever the labels are."""

    title: ClassVar[str] = "Random"
    kind: Literal["random"] = "random"
    seed: int = seed_field()
    tasks: tuple[Task, ...] = tasks_field()

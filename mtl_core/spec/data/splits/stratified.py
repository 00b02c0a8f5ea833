"""The stratified split, which is also the short form without a kind."""

from typing import ClassVar, Literal

from mtl_core.spec.data.splits.base import SharesSplit, seed_field, tasks_field
from mtl_core.spec.tasks import Task


class StratifiedSplit(SharesSplit):
    """At random, with the shares of each target's classes alike in all parts."""

    title: ClassVar[str] = "Stratified"
    kind: Literal["stratified"] = "stratified"
    seed: int = seed_field()
    tasks: tuple[Task, ...] = tasks_field()

"""Distributions: the probabilities of several classes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import METRICS, SCORE, BaseTask, Column, Outputs, TargetColumn, TargetStatistics, is_share

DistributionMetric = Literal["kl", "total_variation", "accuracy", "mae"]


class DistributionTask(BaseTask):
    """Predict the probabilities of several classes from targets that are probabilities themselves (soft labels)."""

    title: ClassVar[str] = "Distribution"
    mixes: ClassVar[bool] = True
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = None
    lower_is_better: ClassVar[tuple[str, ...]] = ("kl", "total_variation", "mae")
    kind: Literal["distribution"] = "distribution"
    target: Column | tuple[Column, ...] = field(
        help="A column of probabilities per class; each row is made to sum to 1.", widget="columns"
    )
    loss: Literal["cross_entropy", "kl"] = field(
        "cross_entropy", "Cross-entropy with the soft labels, or the KL divergence from them: its minimum is 0."
    )
    metrics: tuple[DistributionMetric, ...] = field(("kl", "accuracy"), METRICS, min_length=1)
    score: DistributionMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Several numbers of 0 to 1."""
        return 60 if len(columns) >= cls.fewest and all(map(is_share, columns)) else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A logit for each class."""
        return len(target.classes)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The classes."""
        return f"{len(target.classes)} classes"

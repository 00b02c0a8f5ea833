"""Survival: when an event happens, where some rows are only known to be without it until some time."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    METRICS,
    SCORE,
    BaseTask,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
    format_quantity,
    is_numeric,
)

SurvivalMetric = Literal["concordance", "nll"]


class SurvivalTask(BaseTask):
    """Predict when an event happens, where of some rows it is only known that it had not happened until some time.

    Time is cut into intervals that hold about as many events of the training rows each. The output layer gives the
    logit of each interval's hazard: the probability that the event happens there if it has not happened before
    (Gensheimer & Narasimhan 2019). Events after the last interval count as not having happened within it.
    """

    title: ClassVar[str] = "Survival"
    mixes: ClassVar[bool] = True
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = 2
    lower_is_better: ClassVar[tuple[str, ...]] = ("nll",)
    metric_needs: ClassVar[Mapping[str, str]] = {
        "concordance": "it needs a row whose event happened before the time of another row"
    }
    value_labels: ClassVar[Mapping[str, str]] = {"nll": "Negative log-likelihood", "concordance": "Concordance index"}
    kind: Literal["survival"] = "survival"
    target: Column | tuple[Column, ...] = field(
        help="The column of times, from 0 on, and that of events: 1, or 0 where the event had not happened by then.",
        widget="columns",
    )
    intervals: int = field(
        10, "Into how many intervals time is cut; fewer where events share their times.", ge=1, le=1000
    )
    loss: Literal["nll"] = field("nll", "Negative log-likelihood of the hazards of all intervals a row was seen in.")
    metrics: tuple[SurvivalMetric, ...] = field(("concordance", "nll"), METRICS, min_length=1)
    score: SurvivalMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Two columns of numbers from 0 on, one of which holds 0 and 1."""
        numbers = len(columns) == cls.most and all(is_numeric(column) and (column.low or 0) >= 0 for column in columns)
        return 80 if numbers and any(map(_is_flag, columns)) else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """The logit of a hazard for each interval."""
        return len(target.edges)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The hazards."""
        return format_quantity(len(target.edges), "hazard")


def _is_flag(column: TargetColumn) -> bool:
    return column.whole and column.unique == 2 and (column.low, column.high) == (0, 1)

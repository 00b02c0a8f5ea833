"""Counts by Poisson regression."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    METRICS,
    SCORE,
    BaseTask,
    Column,
    TargetColumn,
    TargetStatistics,
    format_quantity,
    is_numeric,
)

CountMetric = Literal["deviance", "mae", "rmse", "r2", "spearman"]


class CountTask(BaseTask):
    """Predict how often something happens: whole numbers from 0 on, by Poisson regression.

    The output layer gives the logarithm of the expected count; with ``standardize``, of its ratio to the mean count,
    which divides the likelihood by that mean and leaves its best point where it is.
    """

    title: ClassVar[str] = "Count"
    mixes: ClassVar[bool] = True
    signed: ClassVar[tuple[str, ...]] = ("poisson",)
    value_by_value: ClassVar[bool] = True
    log_link: ClassVar[bool] = True
    label_settings: ClassVar[tuple[str, ...]] = ("standardize",)
    most: ClassVar[int | None] = None
    lower_is_better: ClassVar[tuple[str, ...]] = ("deviance", "mae", "rmse")
    kind: Literal["count"] = "count"
    target: Column | tuple[Column, ...] = field(help="The column of counts, or several.", widget="columns")
    loss: Literal["poisson"] = field("poisson", "Negative log-likelihood of a Poisson distribution, log link.")
    standardize: bool = field(True, "Train on counts divided by their mean; metrics stay in counts.")
    metrics: tuple[CountMetric, ...] = field(("deviance", "mae"), METRICS, min_length=1)
    score: CountMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Whole numbers from 0 on."""
        counts = all(is_numeric(column) and column.whole and (column.low or 0) >= 0 for column in columns)
        return 50 if counts else None

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The logarithms of what is expected."""
        return format_quantity(target.width, "log rate")

"""Regression: one or several numbers."""

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

TargetTransform = Literal["none", "log", "quantile"]
RegressionMetric = Literal["rmse", "mae", "r2", "mape", "explained_variance", "pearson", "spearman"]


class RegressionTask(BaseTask):
    """Predict one or several numbers."""

    title: ClassVar[str] = "Regression"
    mixes: ClassVar[bool] = True
    signed: ClassVar[tuple[str, ...]] = ("gaussian_nll",)
    uncertainty_factor: ClassVar[float] = 0.5
    value_by_value: ClassVar[bool] = True
    label_settings: ClassVar[tuple[str, ...]] = ("standardize", "transform")
    read_by: ClassVar[tuple[str, ...]] = ("transform",)
    most: ClassVar[int | None] = None
    lower_is_better: ClassVar[tuple[str, ...]] = ("rmse", "mae", "mape")
    kind: Literal["regression"] = "regression"
    target: Column | tuple[Column, ...] = field(help="The target column, or several.", widget="columns")
    loss: Literal["mse", "mae", "huber", "quantile", "gaussian_nll"] = field(
        "mse", "Squared, absolute, Huber or quantile error, or the likelihood of a Gaussian of learned variance."
    )
    delta: float = field(
        1.0, "Where the Huber error turns from squared to absolute.", title="Delta (Huber)", gt=0, le=1e6, advanced=True
    )
    quantile: float = field(
        0.5, "The quantile that the quantile error aims at.", title="Quantile", gt=0, lt=1, advanced=True
    )
    standardize: bool = field(
        True, "Train on targets of mean 0 and deviation 1, after the transform; metrics stay in their unit."
    )
    transform: TargetTransform = field(
        "none",
        "What is learned of the target: the number, log(1 + its size) with its sign, or its rank as a quantile of the "
        "normal distribution; standardized afterwards. Predictions and metrics stay in its unit.",
    )
    metrics: tuple[RegressionMetric, ...] = field(("rmse", "mae", "r2"), METRICS, min_length=1)
    score: RegressionMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def phrase(cls) -> str:
        """The noun phrase for a task of this kind, for messages."""
        return "a regression"

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Numbers of any kind."""
        return 20 if all(is_numeric(column) for column in columns) else None

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The values, and their variances where these are learned."""
        variances = f", {format_quantity(target.width, 'variance')}" if target.per_value > 1 else ""
        return format_quantity(target.width, "value") + variances

"""Ordinal classification: one of several classes in an order."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    MAX_CLASSES,
    METRICS,
    SCORE,
    BaseTask,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
    is_single_valued,
)

OrdinalMetric = Literal["quadratic_kappa", "mae", "accuracy", "spearman", "log_loss"]


class OrdinalTask(BaseTask):
    """Predict one of several classes that have an order, such as grades."""

    title: ClassVar[str] = "Ordinal classification"
    mixes: ClassVar[bool] = True
    read_by: ClassVar[tuple[str, ...]] = ("loss",)
    column_types: ClassVar[tuple[str, ...]] = ("numeric", "categorical")
    row_classes: ClassVar[bool] = True
    label_settings: ClassVar[tuple[str, ...]] = ("order",)
    lower_is_better: ClassVar[tuple[str, ...]] = ("mae", "log_loss")
    kind: Literal["ordinal"] = "ordinal"
    target: Column = field(help="The target column.", widget="column")
    order: tuple[str, ...] = field((), "The classes from low to high; empty: numbers by size, words by alphabet.")
    loss: Literal["cumulative_link", "corn"] = field(
        "cumulative_link", "Ordered thresholds on a logistic scale (McCullagh 1980), or CORN (Shi et al. 2021)."
    )
    metrics: tuple[OrdinalMetric, ...] = field(("quadratic_kappa", "mae", "accuracy"), METRICS, min_length=1)
    score: OrdinalMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def phrase(cls) -> str:
        """The noun phrase for a task of this kind, for messages."""
        return "an ordinal task"

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A column of more than two classes."""
        if len(columns) != 1 or not is_single_valued(columns[0]) or columns[0].unique <= 2:
            return None
        column = columns[0]
        return 40 if column.unique <= MAX_CLASSES and (column.type != "numeric" or column.categories) else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A number for each threshold between two classes."""
        return len(target.classes) - 1

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The thresholds."""
        return f"{len(target.classes) - 1} thresholds"

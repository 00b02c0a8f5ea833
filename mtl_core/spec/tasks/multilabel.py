"""Multilabel classification: any of several labels."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    GAMMA,
    METRICS,
    SCORE,
    BaseTask,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
    Weight,
)

MultilabelMetric = Literal["f1", "f1_micro", "accuracy", "exact_match", "precision", "recall", "auroc", "map"]


class MultilabelTask(BaseTask):
    """Predict which of several labels apply; none, one or more may."""

    title: ClassVar[str] = "Multilabel classification"
    mixes: ClassVar[bool] = True
    column_types: ClassVar[tuple[str, ...]] = ("numeric", "categorical")
    value_by_value: ClassVar[bool] = True
    label_settings: ClassVar[tuple[str, ...]] = ("separator",)
    most: ClassVar[int | None] = None
    kind: Literal["multilabel"] = "multilabel"
    target: Column | tuple[Column, ...] = field(
        help="A column of 0 and 1 per label, or one column of labels with separators.", widget="columns"
    )
    separator: str = field("|", "What stands between the labels in a single column.", min_length=1, advanced=True)
    loss: Literal["bce", "focal"] = field("bce", "Binary cross-entropy per label, or focal loss (Lin et al. 2017).")
    positive_weight: Literal["balanced"] | Weight = field(
        1.0, "What a label that applies weighs; balanced: rows without it per row with it.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[MultilabelMetric, ...] = field(("f1", "accuracy"), METRICS, min_length=1)
    score: MultilabelMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Several columns of two values; other columns that are no numbers can be nothing else together."""
        if len(columns) == 1:
            return None
        flags = all(column.unique <= 2 for column in columns)
        return 10 if flags or not all(column.type == "numeric" for column in columns) else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A logit for each label."""
        return len(target.classes)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The labels."""
        return f"{len(target.classes)} labels"

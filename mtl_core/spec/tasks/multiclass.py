"""Multiclass classification: one of several classes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    FEW_CLASSES,
    GAMMA,
    METRICS,
    SCORE,
    BaseTask,
    ClassWeights,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
    has_number_classes,
    is_single_valued,
)

MulticlassMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "top3_accuracy",
    "f1",
    "precision",
    "recall",
    "auroc",
    "mcc",
    "kappa",
    "log_loss",
    "brier",
    "calibration_error",
]


class MulticlassTask(BaseTask):
    """Predict one of several classes."""

    title: ClassVar[str] = "Multiclass classification"
    mixes: ClassVar[bool] = True
    column_types: ClassVar[tuple[str, ...]] = ("numeric", "categorical")
    row_classes: ClassVar[bool] = True
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "brier", "calibration_error")
    kind: Literal["multiclass"] = "multiclass"
    target: Column = field(help="The target column.", widget="column")
    loss: Literal["cross_entropy", "focal"] = field("cross_entropy", "Cross-entropy, or focal loss (Lin et al. 2017).")
    label_smoothing: float = field(0.0, "Share of the label spread over all classes.", ge=0, lt=1)
    class_weights: ClassWeights = field(
        "equal", "What the rows of a class weigh; balanced: so that all classes weigh alike.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[MulticlassMetric, ...] = field(("accuracy", "f1"), METRICS, min_length=1)
    score: MulticlassMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A column of categories, or of few different whole numbers."""
        if len(columns) != 1 or not is_single_valued(columns[0]):
            return None
        column = columns[0]
        if column.type == "numeric" and not has_number_classes(column):
            return None
        return 5 if column.categories and 2 < column.unique <= FEW_CLASSES else 30

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A logit for each class."""
        return len(target.classes)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The classes."""
        return f"{len(target.classes)} classes"

"""Binary classification: one of two classes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    GAMMA,
    METRICS,
    SCORE,
    BaseTask,
    Column,
    TargetColumn,
    TargetStatistics,
    Weight,
    is_single_valued,
)

BinaryMetric = Literal[
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "specificity",
    "auroc",
    "average_precision",
    "mcc",
    "log_loss",
    "brier",
    "calibration_error",
]


class BinaryTask(BaseTask):
    """Predict one of two classes."""

    title: ClassVar[str] = "Binary classification"
    mixes: ClassVar[bool] = True
    column_types: ClassVar[tuple[str, ...]] = ("numeric", "categorical")
    row_classes: ClassVar[bool] = True
    label_settings: ClassVar[tuple[str, ...]] = ("positive",)
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "brier", "calibration_error")
    kind: Literal["binary"] = "binary"
    target: Column = field(help="The target column; it must hold two values.", widget="column")
    positive: str | None = field(None, "The value that counts as positive; empty: the later in order.")
    loss: Literal["bce", "focal"] = field("bce", "Binary cross-entropy, or focal loss (Lin et al. 2017).")
    positive_weight: Literal["balanced"] | Weight = field(
        1.0, "What a positive row weighs; balanced: negative rows per positive one.", advanced=True
    )
    label_smoothing: float = field(0.0, "Share of the label spread over both classes.", ge=0, lt=1, advanced=True)
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[BinaryMetric, ...] = field(("accuracy", "f1", "auroc"), METRICS, min_length=1)
    score: BinaryMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A column of two values."""
        return 10 if len(columns) == 1 and is_single_valued(columns[0]) and columns[0].unique == 2 else None

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The logit of the positive class."""
        return "1 logit"

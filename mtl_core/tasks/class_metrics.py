"""Metrics of targets that are one of several classes, per row, pixel or token."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mtl_core.tasks.task_metrics import TaskMetric, always_defined

if TYPE_CHECKING:
    from torchmetrics import Metric


def build_class_metric(name: str, classes: int) -> TaskMetric:
    """Build a metric of classes.

    F1, Dice, precision, recall and IoU are means over the classes that occur or are predicted (macro).

    Args:
        name: The metric's name in a spec.
        classes: The number of classes.

    Raises:
        ValueError: There is no such metric.
    """
    from torchmetrics.classification import (
        MulticlassAccuracy,
        MulticlassCalibrationError,
        MulticlassCohenKappa,
        MulticlassF1Score,
        MulticlassJaccardIndex,
        MulticlassMatthewsCorrCoef,
        MulticlassPrecision,
        MulticlassRecall,
    )

    from mtl_core.tasks.additional_metrics import (
        DatasetMetric,
        MulticlassBalancedAccuracy,
        RowMean,
        brier,
        class_auroc,
        labels_and_predictions_vary,
        log_loss,
    )

    options: dict[str, Any] = {"num_classes": classes, "validate_args": False}
    builders: dict[str, Callable[[], Metric]] = {
        "accuracy": lambda: MulticlassAccuracy(average="micro", **options),
        "balanced_accuracy": lambda: MulticlassBalancedAccuracy(**options),
        "top3_accuracy": lambda: MulticlassAccuracy(top_k=min(3, classes), average="micro", **options),
        "f1": lambda: MulticlassF1Score(average="macro", **options),
        "dice": lambda: MulticlassF1Score(average="macro", **options),
        "precision": lambda: MulticlassPrecision(average="macro", **options),
        "recall": lambda: MulticlassRecall(average="macro", **options),
        "iou": lambda: MulticlassJaccardIndex(average="macro", **options),
        "auroc": lambda: DatasetMetric(class_auroc),
        "mcc": lambda: MulticlassMatthewsCorrCoef(**options),
        "kappa": lambda: MulticlassCohenKappa(**options),
        "quadratic_kappa": lambda: MulticlassCohenKappa(weights="quadratic", **options),
        "log_loss": lambda: RowMean(log_loss),
        "brier": lambda: RowMean(brier),
        "calibration_error": lambda: MulticlassCalibrationError(**options),
    }
    if name not in builders:
        raise ValueError(f"no such metric of classes: {name}")
    condition = labels_and_predictions_vary if name == "mcc" else always_defined
    return TaskMetric(builders[name](), condition)

"""Labels of spec values and metrics for forms and menus."""

from typing import Any

from mtl_core.spec.tasks import TASK_KINDS

_LABELS = {
    "mse": "Squared error (MSE)",
    "mae": "Absolute error (MAE)",
    "huber": "Huber error",
    "bce": "Binary cross-entropy",
    "cross_entropy": "Cross-entropy",
    "rmse": "RMSE",
    "r2": "R²",
    "f1": "F1",
    "auroc": "AUROC",
    "l2": "Gradient norm",
    "float32": "float32",
    "bf16": "bf16",
    "fp16": "fp16",
    "loss+": "Loss × gradient norm",
    "quantile": "Quantile error",
    "gaussian_nll": "Gaussian likelihood, variance learned",
    "poisson": "Poisson likelihood",
    "focal": "Focal loss",
    "cumulative_link": "Cumulative link",
    "corn": "CORN",
    "kl": "KL divergence",
    "smooth_l1": "Smooth absolute error",
    "iou": "IoU",
    "giou": "GIoU",
    "iou50": "IoU of 0.5 or more",
    "cxcywh": "center, width, height",
    "xywh": "left, top, width, height",
    "xyxy": "left, top, right, bottom",
    "mape": "MAPE",
    "pearson": "Pearson correlation",
    "spearman": "Spearman correlation",
    "f1_micro": "F1 over all labels",
    "map": "Mean average precision",
    "mcc": "MCC",
    "kappa": "Cohen's kappa",
    "brier": "Brier score",
    "parameters": "All shared parameters",
    "last_layer": "Last shared layer",
    "representation": "Shared representation",
    "top3_accuracy": "Top-3 accuracy",
    "stand_in": "Learned stand-in",
    "mask": "Left out",
} | {value: label for kind in TASK_KINDS.values() for value, label in kind.value_labels.items()}
_NAMES = frozenset(
    ("rmse", "r2", "f1", "auroc", "mape", "mcc", "iou", "giou", "iou50", "kl", "pearson", "spearman", "kappa", "brier")
)
"""Metrics whose labels begin with a capital within a sentence too."""


def label_of(value: Any) -> str:
    """The label of a spec value: ``Cross-entropy`` for ``cross_entropy``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return _LABELS.get(str(value), str(value).replace("_", " ").capitalize())


def metric_label(metric: str) -> str:
    """The label of a metric within a sentence: ``accuracy``, ``F1``."""
    label = label_of(metric)
    return label if metric in (*_NAMES, "f1_micro") else label[:1].lower() + label[1:]

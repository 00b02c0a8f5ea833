"""Words for the values of the spec."""

from typing import Any

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
    "loss+": "Loss × gradient norm",
}


def label_of(value: Any) -> str:
    """A value as a person reads it: ``cross_entropy`` is Cross-entropy."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return _LABELS.get(str(value), str(value).replace("_", " ").capitalize())


def metric_label(metric: str) -> str:
    """A metric inside a sentence: ``accuracy``, ``F1``."""
    label = label_of(metric)
    return label if metric in ("rmse", "r2", "f1", "auroc") else label[:1].lower() + label[1:]

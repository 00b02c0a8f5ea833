"""Judging trained runs: metrics of a saved model, Δm against single-task baselines, what inference costs.

``judging`` and ``spread`` need no torch, so that the window can use them; importing this package loads none either.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_core.evaluation.cost import cost
    from mtl_core.evaluation.predictions import predict
    from mtl_core.evaluation.report import evaluate, evaluate_ensemble
    from mtl_core.evaluation.row_predictions import predict_rows

_HOMES = {
    "cost": "cost",
    "evaluate": "report",
    "evaluate_ensemble": "report",
    "predict": "predictions",
    "predict_rows": "row_predictions",
}

__all__ = ["cost", "evaluate", "evaluate_ensemble", "predict", "predict_rows"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mtl_core.evaluation' has no attribute {name!r}")
    value = getattr(import_module(f"mtl_core.evaluation.{_HOMES[name]}"), name)
    globals()[name] = value  # a module of the same name would shadow it otherwise
    return value

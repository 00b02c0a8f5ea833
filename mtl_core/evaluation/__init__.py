"""Judging a trained run."""

from mtl_core.evaluation.report import evaluate

__all__ = ["evaluate"]

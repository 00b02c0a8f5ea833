"""The Evaluate page: how well a run predicts the rows of a split, task by task."""

from app.pages.evaluate.page import EvaluatePage

__all__ = ["EvaluatePage"]

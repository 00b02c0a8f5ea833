"""The Training page: loss weights, weighting method, optimizer, schedule, stopping, device and task losses."""

from app.pages.training.page import TrainingPage

__all__ = ["TrainingPage"]

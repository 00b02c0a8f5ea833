"""The Training page: loss weights, weighting method, optimizer, schedule, stopping, device and studies."""

from app.pages.training.page import TrainingPage

__all__ = ["TrainingPage"]

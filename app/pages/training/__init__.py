"""The Training page: weights, weighting, optimizer, schedule, length, stopping, device, and how tasks are judged."""

from app.pages.training.page import TrainingPage

__all__ = ["TrainingPage"]

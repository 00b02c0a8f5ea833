"""The Predict page: predictions of trained models for the rows of a file, and for one row by a form."""

from app.pages.predict.page import PredictPage

__all__ = ["PredictPage"]

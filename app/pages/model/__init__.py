"""The Model page: shared layers, each task's layers, and the diagram of both."""

from app.pages.model.page import ModelPage

__all__ = ["ModelPage"]

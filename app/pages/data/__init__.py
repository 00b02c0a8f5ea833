"""The Data page: data source, column roles, tasks and split."""

from app.pages.data.page import DataPage

__all__ = ["DataPage"]

"""The data: where it comes from, what each column is for, what is predicted, how it is split."""

from app.pages.data.page import DataPage

__all__ = ["DataPage"]

"""The Compare page: several runs side by side."""

from app.pages.compare.page import ComparePage

__all__ = ["ComparePage"]

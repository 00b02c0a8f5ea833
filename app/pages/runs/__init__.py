"""The Runs page: all runs of the store."""

from app.pages.runs.page import RunsPage

__all__ = ["RunsPage"]

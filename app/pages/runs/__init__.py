"""Every run of the store: found, sorted, named, tagged, opened again."""

from app.pages.runs.page import RunsPage

__all__ = ["RunsPage"]

"""The six pages, each imported when it is first wanted."""

from importlib import import_module

from PySide6.QtWidgets import QWidget

from app.session import Session


def make_page(name: str, session: Session) -> QWidget:
    """The page ``name`` of ``session``."""
    page: QWidget = getattr(import_module(f"app.pages.{name}"), f"{name.title()}Page")(session)
    return page

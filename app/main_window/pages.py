"""Build the widget of a page when it is first shown: a window that opens on one page does not wait for the others."""

from importlib import import_module

from PySide6.QtWidgets import QWidget

from app.navigation import Page
from app.session import Session


def make_page(page: Page, session: Session) -> QWidget:
    """The widget of ``page``, connected to ``session``."""
    module, _, name = page.widget.partition(":")
    widget: QWidget = getattr(import_module(module), name)(session)
    return widget

"""Build the widgets of the pages: whole when one is shown, or ahead in steps between which events are handled."""

from collections.abc import Generator
from importlib import import_module
from typing import Any

from PySide6.QtWidgets import QWidget

from app.navigation import Page
from app.session import Session
from app.widgets import Stepwise


def import_pages() -> None:
    """Import the modules of all pages."""
    for page in Page:
        _import_class(page)


class PageBuilder:
    """Builds pages when they are first shown: a window that opens on one page does not wait for the others.

    Args:
        session: What the pages share.
        parent: Owner of the pages.
    """

    def __init__(self, session: Session, parent: QWidget) -> None:
        self._session, self._parent = session, parent
        self._started: dict[Page, Generator[None, None, QWidget]] = {}

    def step(self, page: Page) -> QWidget | None:
        """Take the next step of building a page.

        Returns:
            Its widget after the last step, else None.
        """
        steps = self._started.pop(page, None) or self._steps(page)
        try:
            next(steps)
        except StopIteration as end:
            widget: QWidget = end.value
            return widget
        self._started[page] = steps
        return None

    def finish(self, page: Page) -> QWidget:
        """Take all steps that are left; its widget."""
        while (widget := self.step(page)) is None:
            pass
        return widget

    def _steps(self, page: Page) -> Generator[None, None, QWidget]:
        page_class = _import_class(page)
        # A page that got its owner later would have all its widgets styled once more.
        arguments = {"stepwise": True} if issubclass(page_class, Stepwise) else {}
        widget: QWidget = page_class(self._session, self._parent, **arguments)
        if isinstance(widget, Stepwise):
            yield
            yield from widget.steps
        return widget


def _import_class(page: Page) -> Any:
    module, _, name = page.widget.partition(":")
    return getattr(import_module(module), name)

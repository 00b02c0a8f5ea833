"""Build the widgets of the pages: whole when one is shown, or ahead in steps between which events are handled."""

from collections.abc import Generator
from importlib import import_module
from typing import Any

from PySide6.QtWidgets import QWidget

from app.navigation import Page
from app.session import Session
from app.widgets import Stepwise


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
        module, _, name = page.widget.partition(":")
        # Not on a thread: classes of Qt that are defined beside a running event loop crash the process.
        page_class: Any = getattr(import_module(module), name)
        yield
        # A page that got its owner later would have all its widgets styled once more.
        arguments = {"stepwise": True} if issubclass(page_class, Stepwise) else {}
        widget: QWidget = page_class(self._session, self._parent, **arguments)
        if isinstance(widget, Stepwise):
            yield
            yield from widget.steps
        return widget

"""Repolish widgets after a palette change: visible ones at once, hidden ones in idle time."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QObject, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_SLICE_SECONDS = 0.01
"""How long widgets that are not seen may take between two events."""


def repolish(app: QApplication) -> None:
    """Let the style sheet look up its colors once more for every widget of ``app``.

    Qt keeps them per widget and looks again only when a widget is polished. Hidden pages follow between events: there
    are thousands of widgets, and a few hundred are seen.
    """
    for window in app.topLevelWidgets():
        for widget in _visible(window):
            _polish(widget)
    _HiddenWidgetPolisher(app).start()


class VisibleConnection(QObject):
    """Calls ``slot`` when ``signal`` is emitted, or, while ``widget`` is hidden, once when it is next shown.

    Lives and dies with ``widget``.
    """

    def __init__(self, widget: QWidget, signal: SignalInstance, slot: Callable[[], object]) -> None:
        super().__init__(widget)
        self._widget, self._slot, self._pending = widget, slot, False
        signal.connect(self._on_signal)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Make up for what was put off."""
        if self._pending and event.type() is QEvent.Type.Show:
            self._pending = False
            self._slot()
        return False

    def _on_signal(self) -> None:
        self._pending = not self._widget.isVisible()
        if not self._pending:
            self._slot()


class _HiddenWidgetPolisher(QTimer):
    """Polishes the widgets of ``app`` that are not seen between events, those shown meanwhile at once; then goes."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app, interval=0)
        self._app = app
        self._widgets: list[QWidget] | None = None
        self.timeout.connect(self._polish_slice)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Polish what is shown before it is drawn."""
        if event.type() is QEvent.Type.Show and isinstance(watched, QWidget):
            _polish(watched)
        return False

    def _polish_slice(self) -> None:
        if self._widgets is None:
            self._widgets = [widget for widget in self._app.allWidgets() if not widget.isVisible()]
            return
        end = time.perf_counter() + _SLICE_SECONDS
        while self._widgets and time.perf_counter() < end:
            widget = self._widgets.pop()
            if isValid(widget):
                _polish(widget)
        if not self._widgets:
            self.stop()
            self._app.removeEventFilter(self)
            self.deleteLater()


def _visible(widget: QWidget) -> Iterator[QWidget]:
    if widget.isVisible():
        yield widget
        for child in widget.children():
            if isinstance(child, QWidget):
                yield from _visible(child)


def _polish(widget: QWidget) -> None:
    widget.style().polish(widget)
    widget.update()

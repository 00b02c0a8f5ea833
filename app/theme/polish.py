"""Repolish widgets after a palette change: visible ones at once, hidden ones in idle time."""

import time
from collections.abc import Callable, Iterator

from PySide6.QtCore import QEvent, QObject, QTimer, SignalInstance
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

_SLICE_SECONDS = 0.01
"""Time that hidden widgets may take between two events."""


def repolish(app: QApplication) -> None:
    """Update the colors of the style sheet in every widget of ``app``.

    Qt caches them per widget until it is polished. Hidden widgets, which are most of several thousand, are polished
    between events.
    """
    for window in app.topLevelWidgets():
        for widget in _visible(window):
            _polish(widget)
    _HiddenWidgetPolisher(app).start()


class VisibleConnection(QObject):
    """Calls ``slot`` when ``signal`` is emitted, or, while ``widget`` is hidden, once when it is next shown.

    It is a child of ``widget`` and deleted with it. ``on_show`` is called in place of ``slot`` when it is next shown.
    """

    def __init__(
        self,
        widget: QWidget,
        signal: SignalInstance,
        slot: Callable[[], object],
        on_show: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(widget)
        self._widget, self._slot, self._on_show, self._pending = widget, slot, on_show or slot, False
        signal.connect(self._on_signal)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Call the slot if the signal was emitted while the widget was hidden."""
        if self._pending and event.type() is QEvent.Type.Show:
            self._pending = False
            self._on_show()
        return False

    def _on_signal(self) -> None:
        self._pending = not self._widget.isVisible()
        if not self._pending:
            self._slot()


class _HiddenWidgetPolisher(QTimer):
    """Polishes hidden widgets of ``app`` between events, and those shown meanwhile at once; then deletes itself."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app, interval=0)
        self._app = app
        self._widgets: list[QWidget] | None = None
        self.timeout.connect(self._polish_slice)
        app.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Polish a widget that is shown, before it is painted."""
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

"""Short work off the GUI thread."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.jobs.callbacks import Failed, call_back

T = TypeVar("T")


class Background(QObject):
    """Runs a function on a thread of its own, and delivers its result on the GUI thread.

    Of several calls only the last one is delivered.

    Args:
        name: The name of the threads.
        parent: Owner.
    """

    _result = Signal(int, object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._calls = 0
        self._result.connect(self._deliver)

    def call(self, function: Callable[[], T], done: Callable[[T], object], failed: Failed) -> None:
        """Run ``function``.

        Args:
            function: It must touch no widget.
            done: Called with its result.
            failed: Called with the exception that it raises.
        """
        self._calls += 1
        arguments = (self._calls, function, done, failed)
        threading.Thread(target=self._work, args=arguments, name=self._name, daemon=True).start()

    def _work(self, call: int, function: Callable[[], Any], done: Callable[[Any], object], failed: Failed) -> None:
        try:
            outcome: tuple[Callable[[Any], object], Any] = done, function()
        except Exception as error:
            outcome = failed, error
        if isValid(self):
            self._result.emit(call, *outcome)

    def _deliver(self, call: int, function: Callable[[Any], object], value: object) -> None:
        if call == self._calls:
            call_back(function, value)

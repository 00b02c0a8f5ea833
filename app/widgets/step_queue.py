"""A queue of small pieces of GUI work, so that the window stays responsive while dozens of runs are shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

from PySide6.QtCore import QObject, QTimer

_SLICE_SECONDS = 0.008
"""How long steps run before the event loop handles other events."""


class StepQueue(QObject):
    """Runs queued steps in order on the GUI thread, in slices of a few milliseconds with other events in between.

    A step should take no longer than a slice: the queue cannot interrupt it.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._steps: dict[Hashable, Callable[[], object]] = {}
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._run_slice)

    def put(self, key: Hashable, step: Callable[[], object]) -> None:
        """Queue a step at the end, instead of a queued one of the same key."""
        self._steps.pop(key, None)
        self._steps[key] = step
        if not self._timer.isActive():
            self._timer.start()

    def is_empty(self) -> bool:
        """Whether all steps have run."""
        return not self._steps

    def _run_slice(self) -> None:
        end = time.perf_counter() + _SLICE_SECONDS
        try:
            while self._steps:
                key = next(iter(self._steps))
                self._steps.pop(key)()
                if time.perf_counter() >= end:
                    return
        finally:
            if self._steps:
                self._timer.start()

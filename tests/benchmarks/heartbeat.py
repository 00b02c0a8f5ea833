"""Times for which the event loop was blocked, and by what."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer

BEAT_MS = 5
_LATE_SECONDS = 0.025
_ROOT = Path(__file__).parents[2]
_FOLDERS = tuple(f"{_ROOT / name}{os.sep}" for name in ("app", "mtl_core", "tests"))


class Heartbeat:
    """A timer that should fire every 5 ms; the longest time between two beats is the longest blockage.

    A thread looks at what the GUI thread is doing whenever a beat is late.
    """

    def __init__(self) -> None:
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._thread = threading.get_ident()
        self._seen: list[str] = []
        self._late: list[dict[str, Any]] = []
        self._last = (0.0, 0.0)
        self._beating = False
        self._watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        """Count from here on."""
        self._late.clear()
        self._last = time.perf_counter(), time.thread_time()
        self._timer.start()
        self._beating = True
        if not self._watcher.is_alive():
            self._watcher.start()

    def report(self) -> dict[str, Any]:
        """The five longest blockages: their length, the GUI thread's own part in it, and where it was seen.

        ``busiest`` are those in which the thread computed longest, which do not depend on what else the machine does.
        """
        worst = sorted(self._late, key=lambda late: -late["seconds"])[:5]
        busiest = sorted(self._late, key=lambda late: -late["cpu"])[:5]
        return {"blocked": worst, "busiest": busiest, "late": len(self._late)}

    def _beat(self) -> None:
        now, cpu = time.perf_counter(), time.thread_time()
        last, last_cpu = self._last
        self._last = now, cpu
        if now - last > _LATE_SECONDS:
            seen = max(set(self._seen), key=self._seen.count, default="")
            self._late.append({"seconds": now - last, "cpu": cpu - last_cpu, "at": seen})
        self._seen.clear()

    def _watch(self) -> None:
        while True:
            time.sleep(_LATE_SECONDS / 2)
            if self._beating and time.perf_counter() - self._last[0] > _LATE_SECONDS:
                self._seen.append(place_of(self._thread))


def place_of(thread: int) -> str:
    """The innermost frames of this project in a thread.

    No frame is kept: one that is held keeps its painter alive.
    """
    frame = sys._current_frames().get(thread)
    names: list[str] = []
    while frame is not None and len(names) < 5:
        code = frame.f_code
        if code.co_filename.startswith(_FOLDERS):
            names.append(f"{Path(code.co_filename).relative_to(_ROOT)}:{frame.f_lineno} {code.co_name}")
        frame = frame.f_back
    return " < ".join(names)

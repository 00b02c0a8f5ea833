"""Watches how long the GUI thread is busy at once while a person uses a window in the process of the test."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.benchmarks.heartbeat import BEAT_MS, place_of

LIMIT_SECONDS = 0.1
"""Processor time for which the GUI thread may be busy at once; time that other processes take does not count."""
_SAMPLED_SECONDS = 0.03
"""How long it is busy before it is looked at where."""


@dataclass(frozen=True)
class Stretch:
    """A time for which no timer was served.

    Attributes:
        seconds: Its processor time.
        place: Where it was seen most often.
    """

    seconds: float
    place: str

    def __str__(self) -> str:
        return f"{self.seconds * 1000:.0f} ms in {self.place or 'Qt alone'}"


class Watchdog:
    """Measures the time between two beats of a timer while the event loop runs, and that of an input that a test sends.

    What the test itself does in between does not count.
    """

    def __init__(self) -> None:
        self.longest = Stretch(0.0, "")
        self._depth = 0
        self._begun: float | None = None
        self._began_at = 0.0
        self._places: list[str] = []
        self._thread = threading.get_ident()
        self._timer = QTimer(interval=BEAT_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._begin)
        self._timer.start()
        self._closed = threading.Event()
        self._sampler = threading.Thread(target=self._sample, name="watchdog", daemon=True)
        self._sampler.start()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count what happens inside: the handling of an input, or events for a while."""
        self._depth += 1
        self._begin()
        try:
            yield
        finally:
            self._end()
            self._depth -= 1

    def close(self) -> None:
        """Stop watching."""
        self._closed.set()
        self._sampler.join()
        self._timer.stop()

    def check(self) -> None:
        """Fail if the GUI thread was busy for too long."""
        assert self.longest.seconds <= LIMIT_SECONDS, f"the GUI thread was busy for {self.longest}"

    def _begin(self) -> None:
        self._end()
        if self._depth:
            self._began_at, self._begun = time.perf_counter(), time.thread_time()

    def _end(self) -> None:
        if self._begun is not None:
            seconds, self._begun = time.thread_time() - self._begun, None
            if seconds > self.longest.seconds:
                self.longest = Stretch(seconds, max(set(self._places), key=self._places.count, default=""))
            self._places.clear()

    def _sample(self) -> None:
        while not self._closed.wait(_SAMPLED_SECONDS / 3):
            if self._begun is not None and time.perf_counter() - self._began_at > _SAMPLED_SECONDS:
                self._places.append(place_of(self._thread))


class WatchedBot:
    """Sends input to widgets and waits, as ``qtbot`` does, under the eyes of the watchdog."""

    def __init__(self, bot: QtBot, watchdog: Watchdog) -> None:
        self._bot, self._watchdog = bot, watchdog
        self.TimeoutError = bot.TimeoutError

    def mouseClick(self, *arguments: object, **more: object) -> None:
        """Click a widget."""
        self._watched(self._bot.mouseClick, *arguments, **more)

    def keyClick(self, *arguments: object, **more: object) -> None:
        """Press and release a key."""
        self._watched(self._bot.keyClick, *arguments, **more)

    def keyClicks(self, widget: object, text: str) -> None:
        """Type a text."""
        for character in text:
            self.keyClick(widget, character)

    def send(self, receiver: QObject, event: QEvent) -> None:
        """Send an event that no method of ``qtbot`` makes."""
        self._watched(QApplication.sendEvent, receiver, event)

    def process_events(self) -> None:
        """Handle the events that have come."""
        self._watched(QApplication.processEvents)

    def wait(self, milliseconds: int) -> None:
        """Handle events for so long."""
        self._watched(self._bot.wait, milliseconds)

    def waitUntil(self, condition: Callable[[], bool], *, timeout: int) -> None:
        """Handle events until a condition holds.

        Raises:
            TimeoutError: It did not within ``timeout`` milliseconds.
        """
        end = time.monotonic() + timeout / 1000
        while not condition():
            if time.monotonic() > end:
                raise self.TimeoutError
            self.wait(10)

    def _watched(self, function: Callable[..., object], *arguments: object, **more: object) -> None:
        with self._watchdog.watching():
            function(*arguments, **more)

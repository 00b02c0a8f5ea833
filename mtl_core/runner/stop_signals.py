"""Signals that stop a run and keep its results."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


@contextmanager
def stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into a request to stop; a second one has its usual effect.

    Ignored signals, as in a background job of a shell, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request_stop(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, previous[signal.Signals(number)])

    handled = [
        signal_number
        for signal_number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(signal_number) is not signal.SIG_IGN
    ]
    previous: dict[signal.Signals, Any] = {
        signal_number: signal.signal(signal_number, request_stop) for signal_number in handled
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)

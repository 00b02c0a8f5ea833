"""Handle SIGINT and SIGTERM: quit the event loop in an orderly way."""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

from PySide6.QtCore import QSocketNotifier

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl+C, a request to terminate, and a terminal that is closed."""


@contextlib.contextmanager
def ended_by_signals(end: Callable[[int], object]) -> Iterator[None]:
    """Call ``end`` in Qt's loop with the exit status that convention gives a signal: 128 and its number.

    Qt's loop runs no Python while nothing happens, so the signal's number wakes it through a socket.
    """
    numbers = [int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)]
    heeded = [number for number in numbers if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    notifier = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)

    def handle_signal() -> None:
        with contextlib.suppress(OSError):
            number = next((byte for byte in near.recv(64) if byte in heeded), None)
            if number is not None:
                end(128 + number)

    def ignore(number: int, frame: FrameType | None) -> None:
        """Python must have a handler for the wake-up to be written."""

    notifier.activated.connect(handle_signal)
    old_wakeup = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    old = {number: signal.signal(number, ignore) for number in heeded}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_wakeup)
        notifier.setEnabled(False)
        near.close()
        far.close()

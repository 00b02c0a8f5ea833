"""Handle SIGINT, SIGTERM and SIGHUP in Qt's event loop."""

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from types import FrameType

from PySide6.QtCore import QSocketNotifier

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
"""Ctrl+C, a request to terminate, and a closed terminal."""


@contextlib.contextmanager
def exit_on_signals(exit_with: Callable[[int], object]) -> Iterator[None]:
    """Call ``exit_with`` in Qt's event loop when a signal comes, with its exit status: 128 and the signal's number.

    The event loop runs no Python while it is idle, so Python writes the signal's number to a socket that wakes it.
    """
    numbers = [int(getattr(signal, name)) for name in _NAMES if hasattr(signal, name)]
    handled = [number for number in numbers if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN]
    receiver, sender = socket.socketpair()
    receiver.setblocking(False)
    sender.setblocking(False)
    notifier = QSocketNotifier(receiver.fileno(), QSocketNotifier.Type.Read)

    def handle_signal() -> None:
        with contextlib.suppress(OSError):
            number = next((byte for byte in receiver.recv(64) if byte in handled), None)
            if number is not None:
                exit_with(128 + number)

    def ignore(number: int, frame: FrameType | None) -> None:
        """Do nothing; without a handler Python would not write to the socket."""

    notifier.activated.connect(handle_signal)
    old_wakeup = signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    old_handlers = {number: signal.signal(number, ignore) for number in handled}
    try:
        yield
    finally:
        for number, handler in old_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_wakeup)
        notifier.setEnabled(False)
        receiver.close()
        sender.close()

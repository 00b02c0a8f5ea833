"""Processes of this machine, identified by number and start time."""

import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported by the first function that inspects a process: most lists of runs need none
    import psutil

_TOLERANCE = 1.5  # seconds; Linux reports its boot time in whole ones


def host_name() -> str:
    """Return the name of this machine, as runs record it."""
    return socket.gethostname()


def read_start_time(pid: int) -> str:
    """Return the start time of a process as text, which distinguishes it from a later one with the same number.

    ``""`` if there is no such process.
    """
    import psutil

    try:
        return f"{_creation_time(psutil.Process(pid)):.2f}"
    except (psutil.Error, ValueError):
        return ""


def is_alive(pid: int, start_time: str = "") -> bool:
    """Whether a process of this machine is alive; a zombie is not.

    Args:
        pid: Its number.
        start_time: Result of :func:`read_start_time` while it was alive, to detect that its number was reused.
    """
    return _find(pid, start_time) is not None


def kill(pid: int, start_time: str = "", *, timeout: float = 5.0) -> bool:
    """Kill a process of this machine and wait for its end; return whether it has ended.

    Args:
        pid: Its number.
        start_time: Result of :func:`read_start_time` while it was alive; another process with its number is not killed.
        timeout: Seconds to wait.
    """
    import psutil

    process = _find(pid, start_time)
    if process is not None:
        with suppress(psutil.Error):
            process.kill()
    # psutil's own wait would take the exit status of a child from the code that started it.
    deadline = time.monotonic() + timeout
    while is_alive(pid, start_time) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(pid, start_time)


def _find(pid: int, start_time: str) -> "psutil.Process | None":
    """Return the living process with a number, or None if it was not started at ``start_time``."""
    import psutil

    process = None
    try:
        process = psutil.Process(pid)
        if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return None
        if start_time and abs(_creation_time(process) - _parse_start_time(start_time)) > _TOLERANCE:
            return None
    except psutil.AccessDenied:  # a living process of another user
        return process
    except (psutil.Error, ValueError, TypeError, OverflowError):  # none, or a number that no process can have
        return None
    return process


def _creation_time(process: "psutil.Process") -> float:
    """Return when a process was created, in seconds that do not change when the clock is set.

    Linux counts from boot, and psutil adds the boot time, which follows the clock.
    """
    import psutil

    created = float(process.create_time())
    return created - float(psutil.boot_time()) if psutil.LINUX else created


def _parse_start_time(text: str) -> float:
    """Parse the result of :func:`read_start_time`; versions without psutil recorded clock ticks, without a point."""
    return float(text) if "." in text else float(text) / os.sysconf("SC_CLK_TCK")

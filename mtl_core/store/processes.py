"""Whether a process of this machine still lives, known by its number and the time it was created."""

import os
import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # loaded by the first look at a process: most lists of runs need none
    import psutil

_TOLERANCE = 1.5  # seconds; Linux gives the time of its start in whole ones


def this_host() -> str:
    """The name of this machine, as runs record it."""
    return socket.gethostname()


def started(pid: int) -> str:
    """What tells a process from a later one of the same number; ``""`` when there is none."""
    import psutil

    try:
        return f"{_created(psutil.Process(pid)):.2f}"
    except (psutil.Error, ValueError):
        return ""


def alive(pid: int, begun: str = "") -> bool:
    """Whether a process of this machine lives; a zombie does not.

    Args:
        pid: Its number.
        begun: What :func:`started` said when it lived, so that a reused number is not taken for it.
    """
    return _find(pid, begun) is not None


def kill(pid: int, begun: str = "", *, patience: float = 5.0) -> bool:
    """End a process of this machine at once, and wait until it is gone; whether it is.

    Args:
        pid: Its number.
        begun: What :func:`started` said when it lived; another process of that number is left alone.
        patience: Seconds to wait.
    """
    import psutil

    process = _find(pid, begun)
    if process is not None:
        with suppress(psutil.Error):
            process.kill()
    # psutil's own wait would take the exit status of a child from whoever started it.
    end = time.monotonic() + patience
    while alive(pid, begun) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid, begun)


def _find(pid: int, begun: str) -> "psutil.Process | None":
    """The living process of a number, if it is the one that was created at ``begun``."""
    import psutil

    process = None
    try:
        process = psutil.Process(pid)
        if process.status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}:
            return None
        if begun and abs(_created(process) - _seconds(begun)) > _TOLERANCE:
            return None
    except psutil.AccessDenied:  # it lives and is someone else's
        return process
    except (psutil.Error, ValueError, TypeError, OverflowError):  # none, or a number that no process can have
        return None
    return process


def _created(process: "psutil.Process") -> float:
    """When a process was created, in seconds that do not change when the clock is set.

    Linux counts from its start, and psutil adds the time of that start, which follows the clock.
    """
    import psutil

    created = float(process.create_time())
    return created - float(psutil.boot_time()) if psutil.LINUX else created


def _seconds(begun: str) -> float:
    """What :func:`started` said, as a number; versions before psutil recorded Linux's clock ticks, without a point."""
    return float(begun) if "." in begun else float(begun) / os.sysconf("SC_CLK_TCK")

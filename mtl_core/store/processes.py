"""Whether a process of this machine still lives, without help from outside the standard library."""

import os
import signal
import socket
import sys
import time
from pathlib import Path


def this_host() -> str:
    """The name of this machine, as runs record it."""
    return socket.gethostname()


def started(pid: int) -> str:
    """What tells a process from a later one of the same number, or ``""`` where that is not cheap to know."""
    stat = _stat(pid)
    return stat[19] if stat else ""


def alive(pid: int, begun: str = "") -> bool:
    """Whether a process of this machine lives.

    Args:
        pid: Its number.
        begun: What :func:`started` said when it lived, so that a reused number is not taken for it.
    """
    stat = _stat(pid)
    if stat:  # a zombie is dead, only not buried yet
        return stat[0] not in {"Z", "X"} and (not begun or begun == stat[19])
    return not Path("/proc/self/stat").exists() and _answers(pid)


def kill(pid: int, begun: str = "", *, patience: float = 5.0) -> bool:
    """End a process of this machine at once, and wait until it is gone; whether it is.

    Args:
        pid: Its number.
        begun: What :func:`started` said when it lived; another process of that number is left alone.
        patience: Seconds to wait.
    """
    if alive(pid, begun):
        os.kill(pid, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    end = time.monotonic() + patience
    while alive(pid, begun) and time.monotonic() < end:
        time.sleep(0.02)
    return not alive(pid, begun)


def _stat(pid: int) -> list[str]:
    """The fields of Linux's ``/proc/PID/stat`` from the state on; empty when there are none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


if sys.platform == "win32":

    def _answers(pid: int) -> bool:
        """Windows: a signal of 0 would be a Ctrl+C, so the process is opened and its exit code asked for."""
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # STILL_ACTIVE

else:

    def _answers(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # it lives and is someone else's
            return True
        return True

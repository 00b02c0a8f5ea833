"""Handles Ctrl+C while a process starts: it ends at once, with status 130 and without a traceback.

An interrupt that arrives during an import cannot be raised: extension modules turn ``KeyboardInterrupt`` into other
errors, or print it and continue. Nothing has been written by then, so the process just ends.
"""

import os
import signal
import sys
from types import FrameType

EXIT_STATUS = 130
_IMPORT = "<frozen importlib"


def install_handler() -> None:
    """Installs a handler of SIGINT, unless it is ignored (``nohup … &``) or has another handler already."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the process during an import or the interpreter's shutdown; raises KeyboardInterrupt otherwise."""
    del number
    if sys.is_finalizing() or _is_importing(frame):
        os._exit(EXIT_STATUS)
    raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT):
            return True
        frame = frame.f_back
    return False

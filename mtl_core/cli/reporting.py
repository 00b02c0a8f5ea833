"""What a verb prints when it fails, and the exit status that says whose fault it was."""

import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from mtl_core.cli.status import FAILED
from mtl_core.errors import WorkbenchError, environment_fault, shorten

LOG_NAME = "command.log"
_LOG_LIMIT = 1_000_000


def report(verb: str, error: Exception) -> int:
    """Print an error as one line; the traceback of one that nobody expected goes to a log file.

    Returns:
        The exit status: 2 for an input, 3 for the store and the surroundings, 1 for a fault of the program.
    """
    fault = error if isinstance(error, WorkbenchError) else environment_fault(error)
    if fault is not None:
        _print(f"mtl-workbench {verb}: {fault}")
        return fault.exit_status
    what = shorten(f"{type(error).__name__}: {error}", 300)
    log = _write("".join(traceback.format_exception(error)))
    details = f"The details are in {log}" if log else "They could not be written to a log file"
    _print(f"mtl-workbench {verb}: this is a fault of the program, not of the input: {what}. {details}.")
    return FAILED


def _print(line: str) -> None:
    print(line, file=sys.stderr)


def _write(text: str) -> Path | None:
    """Append to the log in the application's folder; None when that cannot be."""
    from mtl_core.store.places import home

    with suppress(OSError):
        log = home() / LOG_NAME
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S\n") + text + "\n")
        return log
    return None

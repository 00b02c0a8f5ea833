"""What a verb prints when it fails, and the exit status that says whose fault it was."""

import sys
import traceback

from mtl_core.cli.status import FAILED
from mtl_core.errors import WorkbenchError, environment_fault, shorten
from mtl_core.files import append_to_log
from mtl_core.locations import home
from mtl_core.text import visible

LOG_NAME = "command.log"


def report(verb: str, error: Exception) -> int:
    """Print an error as one line; the traceback of one that nobody expected goes to a log file.

    Returns:
        The exit status: 2 for an input, 3 for the store and the surroundings, 1 for a fault of the program.
    """
    fault = error if isinstance(error, WorkbenchError) else environment_fault(error)
    if fault is not None:
        _print(f"mtl-workbench {verb}: {fault}")
        return fault.exit_status
    what, log = shorten(f"{type(error).__name__}: {error}", 300), home() / LOG_NAME
    kept = append_to_log(log, "".join(traceback.format_exception(error)))
    details = f"The details are in {log}" if kept else f"The details could not be written to {log}"
    _print(f"mtl-workbench {verb}: this is a fault of the program, not of the input: {what}. {details}.")
    return FAILED


def _print(line: str) -> None:
    print(visible(line), file=sys.stderr)

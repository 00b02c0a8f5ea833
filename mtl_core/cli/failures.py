"""Error messages of failed verbs, and their exit statuses."""

import sys
import traceback

from mtl_core.cli.exit_status import FAILURE
from mtl_core.errors import WorkbenchError, environment_fault, shorten
from mtl_core.files import append_to_log
from mtl_core.locations import home
from mtl_core.text import escape_control_characters

LOG_NAME = "command.log"


def report_failure(verb: str, error: Exception) -> int:
    """Print an error on one line; the traceback of an unexpected error is written to a log file.

    Returns:
        The exit status: 2 for invalid input, 3 for store and environment, 1 for a bug of the program.
    """
    fault = error if isinstance(error, WorkbenchError) else environment_fault(error)
    if fault is not None:
        _print(f"mtl-workbench {verb}: {fault}")
        return fault.exit_status
    description, log = shorten(f"{type(error).__name__}: {error}", 300), home() / LOG_NAME
    logged = append_to_log(log, "".join(traceback.format_exception(error)))
    details = f"The details are in {log}" if logged else f"The details could not be written to {log}"
    _print(f"mtl-workbench {verb}: this is a fault of the program, not of the input: {description}. {details}.")
    return FAILURE


def _print(line: str) -> None:
    print(escape_control_characters(line), file=sys.stderr)

"""Exit statuses of the command line; an error of its own kind has its status, ``WorkbenchError.exit_status``."""

from mtl_core.errors import InputError

SUCCESS = 0
FAILURE = 1
"""The run failed, or a bug of the program."""
INVALID_INPUT = InputError.exit_status
INTERRUPTED = 130
"""A person stopped the run or the program; 128 + SIGINT, as shells report it."""

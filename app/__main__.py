"""Entry point of ``mtl-workbench``: opens the window, or runs a verb of the command line."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Sequence

_NO_WINDOW = """mtl-workbench: no window can be opened here, {reason}.
Train the bundled example without one:  mtl-workbench train multidigits
All commands:                           mtl-workbench --help"""


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window, or pass a verb on to the engine's command line.

    Args:
        argv: Arguments without the program's name; those of the process by default.

    Returns:
        The exit status: 0 done, 1 failed, 2 the input is at fault, 128 and the number of the signal that ended it.
    """
    from mtl_core.interrupt import EXIT_STATUS, install_handler

    if argv is None:  # the arguments of this process, so its signals are ours too
        install_handler()
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # before the verb or the window could handle it
        return EXIT_STATUS


def _run(argv: list[str]) -> int:
    if _has_verb(argv):
        from mtl_core.cli import main as command_line

        if {"report", "best"} & set(argv):
            _print_reports()
        return command_line(argv)
    arguments = _parser().parse_args(argv)
    if reason := _missing_display():
        sys.stderr.write(_NO_WINDOW.format(reason=reason) + "\n")
        return 2
    from app.application import run_window

    return run_window(arguments)


def _print_reports() -> None:
    """Have reports printed as PDF by Qt."""
    from app.report_printing import print_pdf
    from mtl_core.report.writing import register_pdf_printer

    register_pdf_printer(print_pdf)


def _has_verb(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for help or have a verb: a first word that is neither an option nor a file."""
    if any(word in ("-h", "--help", "--version") for word in arguments):
        return True
    words = iter(arguments)
    for word in words:
        if word == "--store":
            next(words, None)
        elif not word.startswith("-"):
            return not (word.endswith((".yaml", ".yml")) or os.path.exists(word))  # noqa: PTH110 - pathlib is slower
    return False


def _parser() -> ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(prog="mtl-workbench", add_help=False)
    parser.add_argument("spec", nargs="?", help="an experiment to open")
    parser.add_argument("--store", help="path or SQLAlchemy URL of the run store")
    return parser


def _missing_display() -> str:
    """Why no window can be opened here, or ``""``."""
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if not sys.platform.startswith("linux") or (platform and not platform.startswith(("xcb", "wayland"))):
        return ""
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return ""
    return "neither DISPLAY nor WAYLAND_DISPLAY is set"


if __name__ == "__main__":
    sys.exit(main())

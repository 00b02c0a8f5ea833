"""``python -m mtl_core VERB``: the command line without Qt."""

import sys


def main() -> int:
    """Runs the command line with the arguments of this process; returns the exit status."""
    from mtl_core.interrupt import EXIT_STATUS, install_handler

    install_handler()  # before the imports that take long
    try:
        from mtl_core.cli import main as command_line

        return command_line(sys.argv[1:])
    except KeyboardInterrupt:  # before or after the verb itself
        return EXIT_STATUS


if __name__ == "__main__":
    sys.exit(main())

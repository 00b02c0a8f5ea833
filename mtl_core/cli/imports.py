"""The ``import`` verb: runs of elsewhere are added to the store."""

from argparse import Namespace
from pathlib import Path

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.export.run_file_import import import_run_file
from mtl_core.store import open_store


def import_(arguments: Namespace) -> int:
    """Add the runs of files to the store, file by file."""
    files = []
    with open_store(arguments.store) as store:
        for name in arguments.path:
            imported = import_run_file(store, Path(name), again=arguments.again)
            files.append({"file": name, "runs": dict(imported.numbers), "notes": list(imported.notes)})
            if not arguments.json:
                for note in imported.notes:
                    output.print_error(note)
                pairs = ", ".join(f"run {old} is run {new} here" for old, new in imported.numbers.items())
                output.print_out(f"{name}: {pairs}")
    if arguments.json:
        output.print_json({"files": files})
    return SUCCESS

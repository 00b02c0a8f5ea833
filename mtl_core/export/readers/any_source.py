"""Import of runs from any file or folder that this program knows, which it tells by what is there."""

from pathlib import Path

from mtl_core.errors import InputError
from mtl_core.export.readers import csv, mlflow, tensorboard
from mtl_core.export.readers.foreign_run import ForeignRun, add_run
from mtl_core.export.run_file_import import ImportedRuns, import_run_file, is_run_file
from mtl_core.files import exists
from mtl_core.store import RunStore


def import_runs(store: RunStore, path: Path, *, again: bool = False) -> ImportedRuns:
    """Add the runs at a path to a store.

    Args:
        store: The store.
        path: A file of runs, a CSV file, an event file of TensorBoard or a folder with some, or MLflow's database or
            folder.
        again: Whether to import runs that the store has already.

    Returns:
        The new numbers: by those in a file of runs; by 1, 2 … for the runs of other programs.

    Raises:
        InputError: There is nothing that can be imported, or the store has a run already.
        StoreError: A file of runs is damaged, or of a newer version.
        EnvironmentFault: The library that reads it is not installed.
    """
    if not exists(path):
        raise InputError(str(path), "there is no such file or folder")
    if path.is_file() and is_run_file(path):
        return import_run_file(store, path, again=again)
    numbers, notes = {}, []
    runs = _read(path)
    for count, run in enumerate(runs, start=1):
        try:
            numbers[count] = add_run(store, run, again=again)
        except InputError as error:
            if len(runs) == 1:
                raise
            notes.append(f"{run.name} is left out: {error}")
    if not numbers:
        raise InputError(str(path), "none of its runs can be imported", found=notes[0] if notes else None)
    return ImportedRuns(numbers, tuple(notes))


def _read(path: Path) -> list[ForeignRun]:
    if tensorboard.find_event_files(path):
        return tensorboard.read_runs(path)
    if mlflow.find_store(path):
        return mlflow.read_runs(path)
    if path.suffix.lower() == ".csv":
        return csv.read_runs(path)
    rule = "must be a file of runs, a CSV file, event files of TensorBoard, or a database or folder of MLflow"
    raise InputError(str(path), rule, fix="export --to run writes a file of runs.")

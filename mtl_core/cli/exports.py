"""The ``export`` verb: runs and their models as files that are read elsewhere."""

import shlex
from argparse import Namespace
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import all_run_numbers, run_number
from mtl_core.export.series_csv import export_points
from mtl_core.files import check_new_file, new_folder
from mtl_core.spec import InputError
from mtl_core.store import RunStore, open_store


def export(arguments: Namespace) -> int:
    """Write runs to a file or a folder, in the format that ``--to`` names."""
    _FORMATS[arguments.to](arguments)
    return SUCCESS


def _points(arguments: Namespace) -> None:
    """Write every point of a run as ``task,split,metric,step,value``."""
    if len(arguments.run) != 1 or arguments.filter is not None:
        fix = "Name one run; --to models and --to parquet take several."
        raise InputError("RUN", "the points of one run are exported at a time", found=_found(arguments), fix=fix)
    path = Path(arguments.out)
    check_new_file(path, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        run = run_number(store, arguments.run[0])
        count = export_points(store, [run], path)
    data = {"runs": [run], "file": str(path), "points": count}
    output.print_result(data, f"{count} points of run {run} in {path}", as_json=arguments.json)


def _models(arguments: Namespace) -> None:
    from mtl_core.evaluation.model_bundle import check_place, save_models
    from mtl_core.runner.saved_models import saved_runs

    folder = Path(arguments.out)
    check_place(folder, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        saved = saved_runs(store, selected_runs(store, arguments, baselines=False))
        save_models(saved, folder, force=arguments.force)
    what = f"the model of run {saved[0].run}" if len(saved) == 1 else f"the models of {len(saved)} runs"
    data = {"runs": [run.run for run in saved], "folder": str(folder)}
    output.print_result(data, f"{what} in {folder}; see: mtl-workbench evaluate {folder}", as_json=arguments.json)


def _parquet(arguments: Namespace) -> None:
    from mtl_core.export.parquet import check_place, export_tables

    folder = Path(arguments.out)
    check_place(folder, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        runs = selected_runs(store, arguments, or_all=True)
        rows = export_tables(store, runs, folder)
    text = f"{_count(runs)} with {rows['points']} points as {len(rows)} Parquet files in {folder}"
    output.print_result({"runs": runs, "folder": str(folder), "rows": rows}, text, as_json=arguments.json)


def _run_file(arguments: Namespace) -> None:
    from mtl_core.export.run_file import write_run_file

    path = Path(arguments.out)
    check_new_file(path, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        written = write_run_file(store, selected_runs(store, arguments), path)
    for note in () if arguments.json else written.notes:
        output.print_error(note)
    data = {"runs": list(written.runs), "file": str(path), "files": written.files, "notes": list(written.notes)}
    text = f"{_count(written.runs)} with {written.files} files in {path}; see: mtl-workbench import {path}"
    output.print_result(data, text, as_json=arguments.json)


def _tracker(arguments: Namespace) -> None:
    from mtl_core.export.trackers.tracked_run import read_run

    write_runs = import_module(f"mtl_core.export.trackers.{arguments.to}").write_runs
    folder = Path(arguments.out)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        runs = selected_runs(store, arguments)
        with new_folder(folder):
            write_runs((read_run(store, run) for run in runs), folder)
    text = f"{_count(runs)} in {folder}; see: {_VIEWERS[arguments.to].format(shlex.quote(str(folder)))}"
    output.print_result({"runs": runs, "folder": str(folder)}, text, as_json=arguments.json)


_VIEWERS = {
    "tensorboard": "tensorboard --logdir {}",
    "mlflow": "mlflow ui --backend-store-uri sqlite:///{}/mlflow.db",
    "wandb": "wandb sync {}/wandb/offline-run-*, which sends them to its server",
}
"""The command that shows what was written, by tracker."""
_FORMATS: dict[str, Callable[[Namespace], None]] = {
    "csv": _points,
    "models": _models,
    "parquet": _parquet,
    "run": _run_file,
    **dict.fromkeys(_VIEWERS, _tracker),
}


def selected_runs(store: RunStore, arguments: Namespace, *, baselines: bool = True, or_all: bool = False) -> list[int]:
    """Return the numbers of the runs that RUN names or ``--filter`` finds, each once, in order.

    Args:
        store: The store.
        arguments: The arguments of the command line.
        baselines: Whether the baselines of a study that RUN names are taken too.
        or_all: Whether all runs are taken, archived ones too, where the arguments choose none.

    Raises:
        InputError: There is no such run, or none is chosen, or both ways are used.
    """
    if arguments.filter is not None or (or_all and not arguments.run):
        if arguments.run:
            rule = "either name runs or give a filter"
            raise InputError("--filter", rule, found=f"{_found(arguments)} and {arguments.filter}")
        store.reap()
        runs = sorted(record.id for record in store.runs(archived=True, query=arguments.filter or ""))
        for run, damage in sorted(store.damage.items()):
            output.print_error(f"run {run} is damaged in the store and left out: {damage}")
        if not runs:
            fix = "mtl-workbench runs lists them."
            raise InputError("--filter", "no run of this store matches", found=arguments.filter, fix=fix)
        return runs
    if not arguments.run:
        raise InputError("RUN", "name the runs, or give a filter", fix="mtl-workbench runs lists them.")
    return all_run_numbers(store, arguments.run, baselines=baselines)


def _count(runs: Iterable[int]) -> str:
    numbers = list(runs)
    return f"run {numbers[0]}" if len(numbers) == 1 else f"{len(numbers)} runs"


def _found(arguments: Namespace) -> str:
    return " ".join(arguments.run) or "none"

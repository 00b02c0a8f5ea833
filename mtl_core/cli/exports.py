"""The ``export`` verb: points of a run as CSV, or a folder of models."""

from argparse import Namespace
from pathlib import Path

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import run_number, run_numbers
from mtl_core.evaluation.series_csv import export_points
from mtl_core.files import exists
from mtl_core.spec import InputError
from mtl_core.store import open_store


def export(arguments: Namespace) -> int:
    """Write every point of a run as ``task,split,metric,step,value``, or the models of runs to a folder."""
    return _models(arguments) if arguments.to == "models" else _points(arguments)


def _points(arguments: Namespace) -> int:
    if len(arguments.run) > 1:
        fix = "Name one run, or add --to models."
        raise InputError("RUN", "the points of one run are exported at a time", found=" ".join(arguments.run), fix=fix)
    path = Path(arguments.out)
    check_new(path, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        run = run_number(store, arguments.run[0])
        count = export_points(store, [run], path)
    data = {"runs": [run], "file": str(path), "points": count}
    output.print_result(data, f"{count} points of run {run} in {path}", as_json=arguments.json)
    return SUCCESS


def _models(arguments: Namespace) -> int:
    from mtl_core.evaluation.model_bundle import check_place, save_models
    from mtl_core.runner.saved_models import saved_runs

    folder = Path(arguments.out)
    check_place(folder, force=arguments.force)
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        runs = [run for name in arguments.run for run in run_numbers(store, name, baselines=False)]
        saved = saved_runs(store, runs)
        save_models(saved, folder, force=arguments.force)
    what = f"the model of run {saved[0].run}" if len(saved) == 1 else f"the models of {len(saved)} runs"
    data = {"runs": [run.run for run in saved], "folder": str(folder)}
    output.print_result(data, f"{what} in {folder}; see: mtl-workbench evaluate {folder}", as_json=arguments.json)
    return SUCCESS


def check_new(path: Path, *, force: bool) -> None:
    """Check that a file may be written.

    Raises:
        InputError: It exists, and ``force`` is not set.
    """
    if exists(path) and not force:
        raise InputError(str(path), "exists already", fix="Give another --out, or --force to overwrite it.")

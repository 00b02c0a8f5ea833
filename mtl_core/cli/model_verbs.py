"""The ``evaluate`` and ``predict`` verbs, for models of runs or of an exported folder."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import run_number, run_numbers
from mtl_core.csv_file import format_numbers, write_csv
from mtl_core.files import check_new_file, is_folder
from mtl_core.spec import InputError, ManualWeighting
from mtl_core.store import open_store

if TYPE_CHECKING:
    from mtl_core.evaluation.ensemble import SavedRun
    from mtl_core.protocol.series_key import SplitName

_MOST_ROWS = 20
"""Rows that cannot be read that are named one by one."""


def evaluate(arguments: Namespace) -> int:
    """Print the metrics of a run's best model, or of an ensemble of runs."""
    folder = _model_folder(arguments)
    if arguments.details:
        return _evaluate_details(arguments, folder)
    if arguments.group:
        raise InputError("--group", "is an option of --details", found=arguments.group, fix="Add --details.")
    if arguments.out_of_fold:
        return _evaluate_folds(arguments, folder)
    if not (arguments.ensemble or folder) and len(arguments.run) > 1:
        fix = "Add --ensemble to average their predictions, or name one run."
        raise InputError("RUN", "one run is evaluated at a time", found=" ".join(arguments.run), fix=fix)
    saved = _load_saved_runs(arguments, folder, alone=not arguments.ensemble)
    if arguments.ensemble or len(saved) > 1:
        from mtl_core.evaluation.scores import evaluate_ensemble

        ensemble_scores = evaluate_ensemble(saved, arguments.split)
        output.print_ensemble(
            ensemble_scores.model_dump() | {"split": arguments.split}, saved[0].spec.tasks, as_json=arguments.json
        )
    else:
        output.print_scores(_evaluate_run(saved[0], arguments), as_json=arguments.json)
    return SUCCESS


def _evaluate_details(arguments: Namespace, folder: Path | None) -> int:
    if folder or arguments.ensemble or arguments.out_of_fold or len(arguments.run) > 1:
        found = str(folder) if folder else " ".join(arguments.run)
        raise InputError("--details", "describes one run of a store", found=found, fix="Name one run.")
    from mtl_core.cli.diagnostics_output import print_diagnostics
    from mtl_core.runner.run_diagnostics import diagnose_run

    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        run = run_number(store, arguments.run[0])
        diagnostics = diagnose_run(store, run, arguments.split, group=arguments.group)
    print_diagnostics(diagnostics, as_json=arguments.json)
    return SUCCESS


def _evaluate_folds(arguments: Namespace, folder: Path | None) -> int:
    _check_test_split(arguments)
    saved = _load_saved_runs(arguments, folder, alone=False)
    from mtl_core.evaluation.out_of_fold import out_of_fold_scores

    scores = out_of_fold_scores(saved).model_dump() | {"split": "test"}
    output.print_ensemble(scores, saved[0].spec.tasks, as_json=arguments.json, name="out of fold")
    return SUCCESS


def _check_test_split(arguments: Namespace) -> None:
    if arguments.split not in (None, "test"):
        rule = "out-of-fold predictions are of the test rows of all folds"
        raise InputError("--split", rule, found=arguments.split, fix="Leave it out.")


def _evaluate_run(run: "SavedRun", arguments: Namespace) -> dict[str, Any]:
    from mtl_core.evaluation.scores import evaluate as scores_of
    from mtl_core.tasks.undefined_metrics import undefined_metrics
    from mtl_core.training.metrics.validation import total_loss

    scores = scores_of(run.spec, run.checkpoint, arguments.split, run.fingerprint)
    weights = run.spec.weighting.weights if isinstance(run.spec.weighting, ManualWeighting) else {}
    has_labels = any("loss" in values for values in scores.values())
    total = total_loss(scores, dict(weights)) if has_labels else None
    undefined = list(undefined_metrics(run.spec.tasks, scores, arguments.split))
    return {"run": run.run, "split": arguments.split, "metrics": scores, "total": total, "undefined": undefined}


def predict(arguments: Namespace) -> int:
    """Write the predictions of a model or ensemble for the rows of a split, with targets, or of a file."""
    path = Path(arguments.out)
    check_new_file(path, force=arguments.force)
    file = _pop_rows_file(arguments)
    if file is None:
        return _predict_folds(arguments, path) if arguments.out_of_fold else _predict_split(arguments, path)
    if arguments.out_of_fold:
        raise InputError("--out-of-fold", "is of the runs' own data; the rows of a file are in no fold", found=file)
    if arguments.split:
        raise InputError("--split", "is of the run's own data; the rows of a file have none", found=arguments.split)
    return _predict_file(arguments, file, path)


def _predict_split(arguments: Namespace, path: Path) -> int:
    saved = _load_saved_runs(arguments, _model_folder(arguments), alone=False)
    from mtl_core.evaluation.predictions import predict as predictions

    split: SplitName = arguments.split or "test"
    table = predictions(saved, split)
    count = write_csv(path, table.header, map(format_numbers, table.rows))
    text = f"{_describe_models(saved)} on {count} {split} rows in {path}"
    return _print_predictions(arguments, saved, path, rows=count, text=text)


def _predict_folds(arguments: Namespace, path: Path) -> int:
    _check_test_split(arguments)
    saved = _load_saved_runs(arguments, _model_folder(arguments), alone=False)
    from mtl_core.evaluation.out_of_fold import write_out_of_fold

    count = write_out_of_fold(saved, path)
    text = f"{count} rows, each predicted by the run of {len(saved)} that has not seen it, in {path}"
    return _print_predictions(arguments, saved, path, rows=count, text=text)


def _predict_file(arguments: Namespace, file: str, path: Path) -> int:
    folder = _model_folder(arguments)
    saved = _load_saved_runs(arguments, folder, alone=False)
    from mtl_core.evaluation.model_bundle import load_preprocessing
    from mtl_core.evaluation.row_predictions import predict_rows

    table = predict_rows(saved, file, load_preprocessing(folder) if folder else None)
    count = write_csv(path, table.header, map(format_numbers, table.rows))
    unreadable = [asdict(row) for row in table.unreadable()]
    for row in unreadable[:_MOST_ROWS]:
        output.print_error(f"row {row['row']}: {row['reason']}; it has no prediction")
    if (more := len(unreadable) - _MOST_ROWS) > 0:
        output.print_error(f"{more} more rows have no prediction; --json lists all")
    predicted = f"{count - len(unreadable)} of {count}" if unreadable else f"{count}"
    text = f"{_describe_models(saved)} on {predicted} rows of {file} in {path}"
    return _print_predictions(arguments, saved, path, rows=count, text=text, notes=table.notes(), unreadable=unreadable)


def _print_predictions(
    arguments: Namespace,
    saved: "Sequence[SavedRun]",
    path: Path,
    *,
    rows: int,
    text: str,
    notes: Sequence[str] = (),
    unreadable: Sequence[dict[str, Any]] = (),
) -> int:
    """Print which predictions were written, after notes about the rows."""
    if arguments.json:
        runs = [run.run for run in saved]
        data = {"runs": runs, "file": str(path), "rows": rows, "notes": list(notes), "unreadable": list(unreadable)}
        output.print_json(data)
        return SUCCESS
    for line in (*notes, text):
        output.print_out(line)
    return SUCCESS


def _describe_models(saved: "Sequence[SavedRun]") -> str:
    return f"run {saved[0].run}" if len(saved) == 1 else f"the mean of {len(saved)} runs"


def _pop_rows_file(arguments: Namespace) -> str | None:
    """Remove the new rows from the RUN arguments and return them: the last one, if it is no run and holds no models.

    They are a file, or a folder of files.
    """
    *runs, last = arguments.run
    if not runs or last == "last" or last.isdecimal() or last.startswith("study:") or _holds_models(last):
        return None
    arguments.run = runs
    return str(last)


def _holds_models(path: str) -> bool:
    if not is_folder(path):
        return False
    from mtl_core.evaluation.model_bundle import MANIFEST

    return (Path(path) / MANIFEST).exists()


def _model_folder(arguments: Namespace) -> Path | None:
    """Return the folder of models among the RUN arguments, if any; the number of a run has precedence."""
    folders = [Path(name) for name in arguments.run if not (name.isdecimal() or name == "last") and is_folder(name)]
    if folders and len(arguments.run) > 1:
        fix = "Export the runs to one folder to average them."
        raise InputError(
            "RUN",
            "a folder of models cannot be combined with other runs or folders",
            found=" ".join(arguments.run),
            fix=fix,
        )
    return folders[0] if folders else None


def _load_saved_runs(arguments: Namespace, folder: Path | None, *, alone: bool) -> "list[SavedRun]":
    """Load the models of the RUN arguments; ``alone``: of one run, which may still train."""
    if folder is not None:
        from mtl_core.evaluation.model_bundle import load_models

        return list(load_models(folder))
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        if alone:
            run = run_number(store, arguments.run[0])
            from mtl_core.runner.saved_models import saved_run

            return [saved_run(store, run)]
        runs = [run for name in arguments.run for run in run_numbers(store, name, baselines=False)]
        from mtl_core.runner.saved_models import saved_runs

        return saved_runs(store, runs)

"""The verbs that use trained models: those of runs, or of a folder."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.cli import output
from mtl_core.cli.exports import check_new
from mtl_core.cli.references import run_number, run_numbers
from mtl_core.csv_file import write_csv
from mtl_core.files import is_folder
from mtl_core.spec import InputError, ManualWeighting
from mtl_core.store import open_store

if TYPE_CHECKING:
    from mtl_core.evaluation.ensemble import SavedRun, SplitName


def evaluate(arguments: Namespace) -> int:
    """Metrics of a run's best model, or of several runs as one."""
    folder = _folder(arguments)
    if not (arguments.ensemble or folder) and len(arguments.run) > 1:
        fix = "Add --ensemble to average their predictions, or name one run."
        raise InputError("RUN", "one run is evaluated at a time", found=" ".join(arguments.run), fix=fix)
    saved = _saved(arguments, folder, alone=not arguments.ensemble)
    if arguments.ensemble or len(saved) > 1:
        from mtl_core.evaluation.scores import evaluate_ensemble

        found = evaluate_ensemble(saved, arguments.split)
        output.ensemble(found.data() | {"split": arguments.split}, saved[0].spec.tasks, as_json=arguments.json)
    else:
        output.scores(_scores(saved[0], arguments), as_json=arguments.json)
    return 0


def _scores(one: "SavedRun", arguments: Namespace) -> dict[str, Any]:
    from mtl_core.evaluation.scores import evaluate as scores_of
    from mtl_core.tasks.undefined_metrics import undefined_metrics
    from mtl_core.training.metrics.validation import total_loss

    scores = scores_of(one.spec, one.checkpoint, arguments.split, one.fingerprint)
    weights = one.spec.weighting.weights if isinstance(one.spec.weighting, ManualWeighting) else {}
    labelled = any("loss" in values for values in scores.values())
    combined = total_loss(scores, dict(weights)) if labelled else None
    left_out = list(undefined_metrics(one.spec.tasks, scores, arguments.split))
    return {"run": one.run, "split": arguments.split, "metrics": scores, "total": combined, "undefined": left_out}


def predict(arguments: Namespace) -> int:
    """Write what a model, or several as one, predict for each row of a split, beside the truth, or of a file."""
    path = Path(arguments.out)
    check_new(path, force=arguments.force)
    file = _take_file(arguments)
    if file is None:
        return _predict_split(arguments, path)
    if arguments.split:
        raise InputError("--split", "is of the run's own data; the rows of a file have none", found=arguments.split)
    return _predict_file(arguments, file, path)


def _predict_split(arguments: Namespace, path: Path) -> int:
    saved = _saved(arguments, _folder(arguments), alone=False)
    from mtl_core.evaluation.predictions import predict as predictions

    split: SplitName = arguments.split or "test"
    found = predictions(saved, split)
    count = write_csv(path, found.header, map(_told, found.rows))
    output.print_out(f"{_who(saved)} on {count} {split} rows in {path}")
    return 0


def _predict_file(arguments: Namespace, file: str, path: Path) -> int:
    folder = _folder(arguments)
    saved = _saved(arguments, folder, alone=False)
    from mtl_core.evaluation.model_bundle import load_preprocessing
    from mtl_core.evaluation.row_predictions import predict_rows

    found = predict_rows(saved, file, load_preprocessing(folder) if folder else None)
    count = write_csv(path, found.header, map(_told, found.rows))
    for note in found.notes:
        output.print_out(note)
    output.print_out(f"{_who(saved)} on {count} rows of {file} in {path}")
    return 0


def _who(saved: "Sequence[SavedRun]") -> str:
    return f"run {saved[0].run}" if len(saved) == 1 else f"the mean of {len(saved)} runs"


def _take_file(arguments: Namespace) -> str | None:
    """The file of new rows: the last of several words, if it names neither runs nor a folder; taken out of them."""
    *runs, last = arguments.run
    if not runs or last == "last" or last.isdecimal() or last.startswith("study:") or is_folder(last):
        return None
    arguments.run = runs
    return str(last)


def _told(cells: list[Any]) -> list[Any]:
    """Numbers with as many digits as are more than a model's precision."""
    return [format(cell, ".10g") if isinstance(cell, float) else cell for cell in cells]


def _folder(arguments: Namespace) -> Path | None:
    """The folder of models that is named, if one is; a run's name comes before a folder's."""
    named = [Path(name) for name in arguments.run if not (name.isdecimal() or name == "last") and is_folder(name)]
    if named and len(arguments.run) > 1:
        fix = "Export the runs to one folder to average them."
        raise InputError("RUN", "a folder of models is named alone", found=" ".join(arguments.run), fix=fix)
    return named[0] if named else None


def _saved(arguments: Namespace, folder: Path | None, *, alone: bool) -> "list[SavedRun]":
    """The models that are named; ``alone``: of one run, which may still train."""
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

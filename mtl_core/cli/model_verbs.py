"""The ``evaluate`` verb, and the models that RUN arguments name: those of runs or of an exported folder."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_core.cli import output
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.references import run_number, run_numbers
from mtl_core.files import is_folder
from mtl_core.spec import InputError, ManualWeighting
from mtl_core.store import open_store

if TYPE_CHECKING:
    from mtl_core.evaluation.ensemble import SavedRun


def evaluate(arguments: Namespace) -> int:
    """Print the metrics of a run's best model, or of an ensemble of runs."""
    folder = model_folder(arguments)
    if arguments.details:
        return _evaluate_details(arguments, folder)
    if arguments.group:
        raise InputError("--group", "is an option of --details", found=arguments.group, fix="Add --details.")
    if arguments.out_of_fold:
        return _evaluate_folds(arguments, folder)
    if not (arguments.ensemble or folder) and len(arguments.run) > 1:
        fix = "Add --ensemble to average their predictions, or name one run."
        raise InputError("RUN", "one run is evaluated at a time", found=" ".join(arguments.run), fix=fix)
    saved = load_saved_runs(arguments, folder, alone=not arguments.ensemble)
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
    check_test_split(arguments)
    saved = load_saved_runs(arguments, folder, alone=False)
    from mtl_core.evaluation.out_of_fold import out_of_fold_scores

    scores = out_of_fold_scores(saved).model_dump() | {"split": "test"}
    output.print_ensemble(scores, saved[0].spec.tasks, as_json=arguments.json, name="out of fold")
    return SUCCESS


def check_test_split(arguments: Namespace) -> None:
    """Check that no other rows are asked for than the test rows of folds."""
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


def holds_models(path: str) -> bool:
    """Whether a path is a folder of models."""
    if not is_folder(path):
        return False
    from mtl_core.evaluation.model_bundle import MANIFEST

    return (Path(path) / MANIFEST).exists()


def model_folder(arguments: Namespace) -> Path | None:
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


def load_saved_runs(arguments: Namespace, folder: Path | None, *, alone: bool) -> "list[SavedRun]":
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

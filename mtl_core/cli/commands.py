"""Commands of the verbs, except those in modules of their own."""

from argparse import Namespace

from mtl_core.analysis.best_epochs import best_epochs_of
from mtl_core.cli import output, run_output
from mtl_core.cli.best_verb import best
from mtl_core.cli.cache_verb import cache
from mtl_core.cli.comparison_verbs import compare, report
from mtl_core.cli.exit_status import SUCCESS
from mtl_core.cli.explain_verb import explain
from mtl_core.cli.exports import export
from mtl_core.cli.fork_verbs import checkpoint, fork
from mtl_core.cli.imports import import_
from mtl_core.cli.model_verbs import evaluate
from mtl_core.cli.predict_verb import predict
from mtl_core.cli.query_verb import query
from mtl_core.cli.references import build_spec, run_number, spec_data, spec_to_repeat
from mtl_core.cli.training_verbs import resume, train
from mtl_core.files import exists
from mtl_core.protocol.requests import StopRequest
from mtl_core.spec import (
    load_preset,
    preset_names,
    spec_to_data,
)
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.store import open_store

__all__ = [
    "best", "cache", "check", "checkpoint", "compare", "cost", "datasets", "evaluate", "explain", "export", "fork",
    "import_",
    "predict", "presets", "query", "report", "resume", "show", "stop", "train",
]  # fmt: skip


def show(arguments: Namespace) -> int:
    """Print everything about one run."""
    with open_store(arguments.store, create=False, allow_read_only=True) as store:
        store.reap()
        run = run_number(store, arguments.run)
        if arguments.spec:
            repeated = spec_to_repeat(store, run)
            output.print_json(spec_to_data(repeated)) if arguments.json else output.print_yaml(repeated)
            return SUCCESS
        record, spec = store.run(run), store.spec_data(run)
        events, summaries, artifacts = store.events(run), store.summaries([run]), store.artifacts(run)
        best = best_epochs_of(store, record, summaries)
    run_output.print_run(record, spec, summaries, events=events, artifacts=artifacts, best=best, as_json=arguments.json)
    return SUCCESS


def stop(arguments: Namespace) -> int:
    """Ask a run to stop."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        run = run_number(store, arguments.run)
        if arguments.kill:
            store.kill(run)
            text = f"killed run {run}; mtl-workbench resume {run} continues from its last checkpoint"
        else:
            store.add_request(run, StopRequest())
            text = f"asked run {run} to stop; what it has is kept"
    output.print_result({"run": run, "killed": bool(arguments.kill)}, text, as_json=arguments.json)
    return SUCCESS


def datasets(arguments: Namespace) -> int:
    """List the bundled data sets."""
    output.print_datasets(BUNDLED.values(), as_json=arguments.json)
    return SUCCESS


def presets(arguments: Namespace) -> int:
    """List the presets, or print one as YAML."""
    if arguments.name is None:
        output.print_presets({name: load_preset(name) for name in preset_names()}, as_json=arguments.json)
    elif arguments.json:
        output.print_json(spec_to_data(load_preset(arguments.name)))
    else:
        output.print_yaml(load_preset(arguments.name))
    return SUCCESS


def check(arguments: Namespace) -> int:
    """Validate an experiment and print its model; on request check its data too."""
    spec = build_spec(spec_data(arguments), arguments)
    from mtl_core.datasets.preflight.registry import check_data
    from mtl_core.runner.inspection import inspect

    inspection = inspect(spec)
    findings = check_data(spec.dataset, spec.tasks) if arguments.data else None
    output.print_inspection(spec, inspection, findings, as_json=arguments.json)
    return SUCCESS


def cost(arguments: Namespace) -> int:
    """Print the inference cost of a model."""
    if not exists(arguments.spec) and (arguments.spec == "last" or arguments.spec.isdecimal()):
        arguments.spec = f"run:{arguments.spec}"
    spec = build_spec(spec_data(arguments), arguments)
    from mtl_core.evaluation.inference_cost import cost as cost_of

    output.print_cost(spec.name, cost_of(spec), as_json=arguments.json)
    return SUCCESS

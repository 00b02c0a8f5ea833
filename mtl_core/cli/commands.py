"""What each verb does."""

import csv
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from mtl_core.cli import output
from mtl_core.cli.status import DONE, FAILED, INTERRUPTED
from mtl_core.spec import (
    ExperimentSpec,
    InputError,
    ManualWeighting,
    apply_overrides,
    diff_data,
    dump_spec,
    flatten,
    load_preset,
    load_spec_data,
    preset_names,
    problems_of,
    spec_from_data,
    spec_to_data,
)
from mtl_core.store import RunStore, open_store

_DIGITS = 18  # of a number that every database can hold
_STATUS = {"finished": DONE, "stopped": INTERRUPTED, "failed": FAILED}


def train(arguments: Namespace) -> int:
    """Train an experiment once, or once per seed."""
    data = _spec_data(arguments)
    if arguments.device:
        data = apply_overrides(data, [f"training.device={arguments.device}"])
    seeds = arguments.seed or [None]
    specs = [_spec(apply_overrides(data, [] if s is None else [f"training.seed={s}"]), arguments) for s in seeds]
    from mtl_core.runner.inspection import inspect

    inspect(specs[0])
    results, status = [], 0
    with open_store(arguments.store) as store:
        for spec in specs:
            result = _execute(store, store.create_run(spec), quiet=False)
            results.append(result)
            status = status or _STATUS[result["state"]]
            if not arguments.json:
                output.run_result(result, store.name)
            if result["state"] == "stopped":
                break
    if arguments.json:
        output.json_object(results[0] if len(specs) == 1 else {"runs": results})
    return status


def resume(arguments: Namespace) -> int:
    """Go on with a run."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        result = _execute(store, _number(store, arguments.run), quiet=False)
        if arguments.json:
            output.json_object(result)
        else:
            output.run_result(result, store.name)
    return _STATUS[result["state"]]


def _execute(store: RunStore, run: int, *, quiet: bool) -> dict[str, Any]:
    from mtl_core.runner.execution import execute

    with output.progress_bar(store.run(run).name, quiet=quiet) as show:
        ending = execute(store, run, observer=show)
    if ending.input_at_fault:
        raise InputError(f"run {run}", ending.error)
    record = store.run(run)
    result = {"run": run, "name": record.name, "state": ending.state, "device": record.device, "seed": record.seed}
    if ending.error:
        print(f"run {run} failed: {ending.error}", file=sys.stderr)
    return {**result, "error": ending.error, "test": ending.test or {}, "seconds": record.seconds, "store": store.name}


def runs(arguments: Namespace) -> int:
    """List runs."""
    with open_store(arguments.store, create=arguments.store is None) as store:
        store.reap()
        records = store.runs(archived=arguments.archived, query=arguments.filter)
        summaries = store.summaries([record.id for record in records])
    output.runs(records, summaries, as_json=arguments.json)
    return 0


def show(arguments: Namespace) -> int:
    """Everything about one run."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        run = _number(store, arguments.run)
        if arguments.spec:
            print(dump_spec(_replayed(store, run)), end="")
            return 0
        record, spec = store.run(run), store.spec_data(run)
        events, summaries, artifacts = store.events(run), store.summaries([run]), store.artifacts(run)
    output.run(record, spec, summaries, events, artifacts, as_json=arguments.json)
    return 0


def compare(arguments: Namespace) -> int:
    """Differing settings and metrics side by side."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        numbers = list(dict.fromkeys(_number(store, run) for run in arguments.runs))
        if len(numbers) < 2:
            raise InputError("RUN", "name at least two different runs", found=" ".join(arguments.runs))
        records = [store.run(run) for run in numbers]
        specs = [store.spec_data(run) for run in numbers]
        summaries = store.summaries(numbers)
    paths = list(dict.fromkeys(d.path for other in specs[1:] for d in diff_data(specs[0], other)))
    settings = [flatten(spec) for spec in specs]
    differences = [{"path": path, "values": [s.get(path) for s in settings]} for path in paths]
    output.comparison(records, differences, summaries, as_json=arguments.json)
    return 0


def stop(arguments: Namespace) -> int:
    """Ask a run to stop."""
    with open_store(arguments.store, create=False) as store:
        store.reap()
        run = _number(store, arguments.run)
        if arguments.kill:
            store.kill(run)
            print(f"killed run {run}; mtl-workbench resume {run} goes on from its last checkpoint")
            return DONE
        store.request(run, "stop")
    print(f"asked run {run} to stop; what it has is kept")
    return 0


def evaluate(arguments: Namespace) -> int:
    """Metrics of a run's best model."""
    with open_store(arguments.store, create=False) as store:
        run = _number(store, arguments.run)
        spec, record = store.spec(run), store.run(run)
        from mtl_core.evaluation import evaluate as scores_of
        from mtl_core.runner.execution import checkpoint_of
        from mtl_core.training.validation import total

        scores = scores_of(spec, checkpoint_of(store, run), arguments.split, record.fingerprint)
    weights = spec.weighting.weights if isinstance(spec.weighting, ManualWeighting) else {}
    found = {"run": run, "split": arguments.split, "metrics": scores, "total": total(scores, dict(weights))}
    output.scores(found, as_json=arguments.json)
    return 0


def export(arguments: Namespace) -> int:
    """Write every point of a run as ``task,split,metric,step,value``."""
    path = Path(arguments.out)
    if path.exists() and not arguments.force:
        raise InputError(str(path), "is there already", fix="Give another --out, or --force to overwrite it.")
    with open_store(arguments.store, create=False) as store:
        run = _number(store, arguments.run)
        series, _ = store.read(run)
    temporary = path.with_name(path.name + ".partial")
    try:
        with temporary.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(("task", "split", "metric", "step", "value"))
            for key, points in series.items():
                pairs = zip(points.steps.tolist(), points.values.tolist(), strict=True)
                writer.writerows((*key, step, repr(value)) for step, value in pairs)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(str(path), "cannot be written", found=error.strerror) from None
    print(f"{sum(map(len, series.values()))} points of run {run} in {path}")
    return 0


def datasets(arguments: Namespace) -> int:
    """List the bundled data sets."""
    from mtl_core.datasets import catalogue

    output.datasets(catalogue(), as_json=arguments.json)
    return 0


def presets(arguments: Namespace) -> int:
    """List the presets, or print one as YAML."""
    if arguments.name is None:
        output.presets({name: load_preset(name) for name in preset_names()}, as_json=arguments.json)
    elif arguments.json:
        output.json_object(spec_to_data(load_preset(arguments.name)))
    else:
        print(dump_spec(load_preset(arguments.name)), end="")
    return 0


def check(arguments: Namespace) -> int:
    """Validate an experiment and print what it would build."""
    spec = _spec(_spec_data(arguments), arguments)
    from mtl_core.runner.inspection import inspect

    output.inspection(spec, inspect(spec), as_json=arguments.json)
    return 0


def _spec_data(arguments: Namespace) -> dict[str, Any]:
    """The data of the spec that was named, with the settings that were given put in."""
    name: str = arguments.spec
    if name.startswith("run:"):
        with open_store(arguments.store, create=False) as store:
            data: Any = spec_to_data(_replayed(store, _number(store, name.removeprefix("run:"))))
    elif not Path(name).exists() and (name in preset_names() or (Path(name).name == name and not Path(name).suffix)):
        data = spec_to_data(_preset(name))
    else:
        data = load_spec_data(name)
    if not isinstance(data, dict):
        raise InputError(name, "must be a mapping with dataset, tasks, model …", found=data)
    if arguments.settings and not problems_of(data):
        data = spec_to_data(spec_from_data(data))  # with its defaults, so that ``training.optimizer.lr`` has a place
    return apply_overrides(data, arguments.settings)


def _preset(name: str) -> ExperimentSpec:
    if name not in preset_names():
        fix = f"Presets: {', '.join(preset_names())}."
        raise InputError(name, "there is no such file and no such preset", fix=fix)
    return load_preset(name)


def _spec(data: dict[str, Any], arguments: Namespace) -> ExperimentSpec:
    """The spec; its file is named in an error unless it may as well lie with a setting that was given."""
    given = arguments.settings or getattr(arguments, "seed", None) or getattr(arguments, "device", None)
    return spec_from_data(data, "" if given or not Path(arguments.spec).exists() else arguments.spec)


def _replayed(store: RunStore, run: int) -> ExperimentSpec:
    from mtl_core.runner.replay import replayed_spec

    return replayed_spec(store.spec(run), store.events(run))


def _number(store: RunStore, text: str) -> int:
    if text == "last":
        records = store.runs(archived=True)
        if not records:
            raise InputError("last", "there is no run in this store yet")
        return max(record.id for record in records)
    if not text.isdecimal() or len(text) > _DIGITS:
        raise InputError(text, "a run is named by its number or 'last'", fix="mtl-workbench runs lists them.")
    return store.run(int(text)).id

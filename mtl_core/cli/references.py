"""What a command line names: a spec by its file, a preset or a run; a run by its number."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from mtl_core.files import exists
from mtl_core.spec import (
    ExperimentSpec,
    InputError,
    apply_overrides,
    load_preset,
    load_spec_data,
    preset_names,
    problems_of,
    spec_from_data,
    spec_to_data,
)
from mtl_core.store import RunStore, open_store

_DIGITS = 18  # of a number that every database can hold


def spec_data(arguments: Namespace) -> dict[str, Any]:
    """The data of the spec that was named, with the settings that were given put in."""
    name: str = arguments.spec
    if name.startswith("run:"):
        with open_store(arguments.store, create=False, allow_read_only=True) as store:
            data: Any = spec_to_data(replayed(store, run_number(store, name.removeprefix("run:"))))
    elif not exists(name) and (name in preset_names() or (Path(name).name == name and not Path(name).suffix)):
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


def spec_of(data: dict[str, Any], arguments: Namespace) -> ExperimentSpec:
    """The spec; its file is named in an error unless it may as well lie with a setting that was given."""
    given = arguments.settings or getattr(arguments, "seed", None) or getattr(arguments, "device", None)
    return spec_from_data(data, "" if given or not exists(arguments.spec) else arguments.spec)


def replayed(store: RunStore, run: int) -> ExperimentSpec:
    """The spec of a run, with the weights that were moved by hand."""
    from mtl_core.runner.replay import spec_with_manual_weights

    return spec_with_manual_weights(store.spec(run), store.events(run))


def run_number(store: RunStore, text: str) -> int:
    """The number of the run that is named.

    Raises:
        InputError: There is no such run.
    """
    if text == "last":
        records = store.runs(archived=True)
        if not records:
            raise InputError("last", "there is no run in this store yet")
        return max(record.id for record in records)
    if not text.isdecimal() or len(text) > _DIGITS:
        raise InputError(text, "a run is named by its number or 'last'", fix="mtl-workbench runs lists them.")
    return store.run(int(text)).id


def run_numbers(store: RunStore, text: str, *, baselines: bool = True) -> list[int]:
    """The number of the run that is named, or those of the runs of a study: ``study:3``.

    Args:
        store: Which has them.
        text: The name.
        baselines: Whether those of a study that trained one task alone are among them.

    Raises:
        InputError: There is no such run or study.
    """
    if not text.startswith("study:"):
        return [run_number(store, text)]
    found = store.runs(archived=True, query=text)
    runs = sorted(record.id for record in found if baselines or not record.baseline)
    if not runs:
        raise InputError(text, "there is no such study in this store", fix="mtl-workbench runs lists them.")
    return runs

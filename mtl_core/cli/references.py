"""Resolves references on the command line: a spec by file, preset or run; a run by its number."""

from argparse import Namespace
from collections.abc import Iterable
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
    read_spec,
    spec_from_data,
    spec_to_data,
)
from mtl_core.store import RunStore, open_store

_DIGITS = 18  # fits the integers of every database


def spec_data(arguments: Namespace) -> dict[str, Any]:
    """Return the data of the SPEC argument, with the settings of the command line applied."""
    name: str = arguments.spec
    if name.startswith("run:"):
        with open_store(arguments.store, create=False, allow_read_only=True) as store:
            data: Any = spec_to_data(spec_to_repeat(store, run_number(store, name.removeprefix("run:"))))
    elif not exists(name) and (name in preset_names() or (Path(name).name == name and not Path(name).suffix)):
        data = spec_to_data(_preset(name))
    else:
        data = load_spec_data(name)
    if not isinstance(data, dict):
        raise InputError(name, "must be a mapping with dataset, tasks, model …", found=data)
    if arguments.settings and (spec := read_spec(data)[0]) is not None:
        data = spec_to_data(spec)  # adds defaults, so that paths such as ``training.optimizer.lr`` exist
    return apply_overrides(data, arguments.settings)


def _preset(name: str) -> ExperimentSpec:
    if name not in preset_names():
        fix = f"Presets: {', '.join(preset_names())}."
        raise InputError(name, "there is no such file and no such preset", fix=fix)
    return load_preset(name)


def build_spec(data: dict[str, Any], arguments: Namespace) -> ExperimentSpec:
    """Build the spec; errors name its file, unless a setting of the command line may have caused them."""
    has_overrides = arguments.settings or getattr(arguments, "seed", None) or getattr(arguments, "device", None)
    return spec_from_data(data, "" if has_overrides or not exists(arguments.spec) else arguments.spec)


def spec_to_repeat(store: RunStore, run: int) -> ExperimentSpec:
    """Return the spec that repeats a run, manual weight changes included."""
    from mtl_core.runner.replay import spec_with_manual_weights

    return spec_with_manual_weights(store.spec(run), store.events(run))


def run_number(store: RunStore, text: str) -> int:
    """Return the number of a run given by number or ``last``.

    Raises:
        InputError: There is no such run.
    """
    if text == "last":
        records = store.runs(archived=True)
        if not records:
            raise InputError("last", "there is no run in this store yet")
        return max(record.id for record in records)
    if not text.isdecimal() or len(text) > _DIGITS:
        raise InputError(text, "must be the number of a run or 'last'", fix="mtl-workbench runs lists them.")
    return store.run(int(text)).id


def all_run_numbers(store: RunStore, texts: Iterable[str], *, baselines: bool = True) -> list[int]:
    """Return the numbers of the runs that several references name, each once, in order; see :func:`run_numbers`."""
    return list(dict.fromkeys(run for text in texts for run in run_numbers(store, text, baselines=baselines)))


def run_numbers(store: RunStore, text: str, *, baselines: bool = True) -> list[int]:
    """Return the number of a run, or the numbers of the runs of a study given as ``study:3``.

    Args:
        store: The store.
        text: The reference.
        baselines: Whether to include the single-task baselines of a study.

    Raises:
        InputError: There is no such run or study.
    """
    if not text.startswith("study:"):
        return [run_number(store, text)]
    records = store.runs(archived=True, query=text)
    runs = sorted(record.id for record in records if baselines or not record.baseline)
    if not runs:
        raise InputError(text, "there is no such study in this store", fix="mtl-workbench runs lists them.")
    return runs

"""Checks that the settings of several runs allow training them in one loop."""

from collections.abc import Sequence
from typing import Any

from mtl_core.spec import ExperimentSpec, ImageInput, InputError, Problem, join, spec_to_data
from mtl_core.spec.training.averaging import Unaveraged
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.optimizers import Muon
from mtl_core.spec.training.schedules import PlateauSchedule
from mtl_core.spec.weighting import EqualWeighting, ManualWeighting


def check_compatible_specs(specs: Sequence[ExperimentSpec]) -> None:
    """Check that the settings of runs allow training them together.

    Raises:
        InputError: They differ in more than seed and manual loss weights, or use a feature that needs a single run.
    """
    first = specs[0]
    if any(_shared_settings(spec) != _shared_settings(first) for spec in specs):
        raise InputError("spec", "runs that train together may differ in seed and hand-set loss weights only")
    if problems := _find_unsupported_settings(first):
        raise InputError.of(problems)


def _shared_settings(spec: ExperimentSpec) -> dict[str, Any]:
    """Return the settings that must be equal in all runs."""
    data = spec_to_data(spec)
    data["training"].pop("seed")
    if isinstance(spec.weighting, EqualWeighting | ManualWeighting):
        data["weighting"] = {"normalize": spec.weighting.normalize}
    return data | {"name": ""}


def _find_unsupported_settings(spec: ExperimentSpec) -> list[Problem]:
    training = spec.training
    penalties = [(name, part) for name, part in (("shared", training.shared), ("heads", training.heads))]
    requirements = [
        ("model.sharing", spec.model.sharing.trains_jointly, "hard"),
        ("weighting", isinstance(spec.weighting, EqualWeighting | ManualWeighting), "equal or manual"),
        ("weighting.normalize", spec.weighting.normalize == "none", "none"),
        ("training.optimizer", not isinstance(training.optimizer, Muon), "any but Muon"),
        ("training.schedule", not isinstance(training.schedule, PlateauSchedule), "any but reduce-on-plateau"),
        ("training.averaging", isinstance(training.averaging, Unaveraged), "none"),
        ("training.keep", isinstance(training.keep, NewHeads), "new heads"),
        ("training.precision", training.precision == "float32", "float32"),
        ("training.accumulate", training.accumulate == 1, "1"),
        ("training.compile", not training.compile, "false"),
        ("training.compare_gradients", training.compare_gradients is None, "empty"),
        *((path, False, "no mix-up") for path in _mix_up_paths(spec)),
        *((f"training.{name}.l1", not part.l1, "0") for name, part in penalties),
        *((f"training.{name}.l2", not part.l2, "0") for name, part in penalties),
    ]
    rule = "runs that train together need"
    fix = "Change it, or train one by one."
    return [Problem(path, f"{rule} {expected}", fix=fix) for path, supported, expected in requirements if not supported]


def _mix_up_paths(spec: ExperimentSpec) -> list[str]:
    """Where inputs are mixed: each run would mix the rows of its batch by shares of its own."""
    inputs = spec.dataset.named_inputs or {}
    return [
        join(("dataset", "inputs", name, "augmentation"))
        for name, value in inputs.items()
        if isinstance(value, ImageInput) and value.mix_up
    ]

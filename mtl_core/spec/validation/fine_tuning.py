"""Checks that fine-tuning has something to tune, and is set in one place."""

from collections.abc import Iterator

from mtl_core.errors import Problem
from mtl_core.spec.layers import Pretrained
from mtl_core.spec.layers.nesting import holds_layer
from mtl_core.spec.model import ModelSpec
from mtl_core.spec.training.continual import Freeze
from mtl_core.spec.training.initial_weights import Scratch
from mtl_core.spec.training.training_spec import TrainingSpec

_PATH = "training.fine_tuning"


def fine_tuning_problems(model: ModelSpec, training: TrainingSpec) -> Iterator[Problem]:
    """Finds fine-tuning of layers that are new or never trained, and settings that contradict it."""
    if (tuning := training.fine_tuning) is None:
        return
    layers = (*model.shared, *(layer for encoder in model.inputs.values() for layer in encoder))
    if isinstance(training.start_from, Scratch) and not holds_layer(layers, Pretrained):
        rule, found = "fine-tunes layers that were trained before, and all shared layers are new", "no trained layers"
        fix = "Begin with another run or a file, take a pretrained model, or leave this empty."
        yield Problem(_PATH, rule, found, fix)
    if not model.sharing.trains_trunk:
        rule = f"with {model.sharing.title!r} no layers are trained but those of the tasks"
        yield Problem(_PATH, rule, repr(model.sharing.kind), "Leave it empty, or take another sharing scheme.")
    if isinstance(training.keep, Freeze):
        fix = "Leave it empty, or keep the old tasks in another way."
        yield Problem(_PATH, "shared layers that are kept frozen are never tuned", repr(training.keep.kind), fix)
    if tuning.freeze_epochs >= training.epochs:
        rule = f"must be below the {training.epochs} epochs of the run, of which they are the first"
        yield Problem(f"{_PATH}.freeze_epochs", rule, str(tuning.freeze_epochs))
    for name, value, default in (
        ("freeze_epochs", training.shared.freeze_epochs, 0),
        ("depth_factor", training.shared.depth_factor, 1),
    ):
        if value != default:
            rule, fix = "fine-tuning sets this itself", f"Set it to {default}, or leave fine-tuning empty."
            yield Problem(f"training.shared.{name}", rule, str(value), fix)

"""Settings of a fork: what may differ from the run whose state it begins with."""

from collections.abc import Mapping

from mtl_core.errors import InputError, Problem
from mtl_core.forking.checkpoint_header import CheckpointHeader
from mtl_core.spec import ExperimentSpec, ManualWeighting, WeightMove, diff, set_at, spec_from_data, spec_to_data
from mtl_core.spec.training.averaging import Swa
from mtl_core.spec.training.continual import NewHeads
from mtl_core.spec.training.schedules import CosineSchedule, OneCycleSchedule, PolynomialSchedule

_CHANGEABLE = (
    "name", "training.epochs", "training.early_stopping", "training.schedule", "training.grad_clip", "training.device",
    "training.checkpoint_seconds", "training.keep_checkpoints", "training.compare_gradients", "training.optimizer.lr",
    "training.optimizer.weight_decay",
    *(f"training.{part}.{name}" for part in ("shared", "heads") for name in ("lr_factor", "weight_decay", "l1", "l2")),
)  # fmt: skip
"""Settings that are read anew when a run is resumed; the state of a checkpoint depends on all others."""
_MOVES = "weighting.moves"


def with_weights_from(spec: ExperimentSpec, step: int, weights: Mapping[str, float]) -> ExperimentSpec:
    """Return a spec whose loss weights are set by hand from a step on."""
    move = WeightMove(step=step, weights=dict.fromkeys(spec.task_names, 1.0) | dict(weights))
    moves = (*(earlier for earlier in spec.weighting.moves if earlier.step < step), move)
    return spec_from_data(set_at(spec_to_data(spec), _MOVES, [entry.model_dump(mode="json") for entry in moves]))


def fork_spec(
    original: ExperimentSpec, changed: ExperimentSpec, header: CheckpointHeader, epoch: int | None = None
) -> ExperimentSpec:
    """Check the spec of a fork, and return it with changed manual weights as weights set from its first step on.

    Args:
        original: The spec of the run whose state it begins with.
        changed: The spec of the fork.
        header: The header of the checkpoint.
        epoch: Epochs done, where the header does not say it.

    Raises:
        InputError: A setting differs that cannot, or the fork would have no step to do.
    """
    if not header.is_whole and not isinstance(original.training.keep, NewHeads):
        fix = "Fork from its last checkpoint, or from one that was kept."
        raise InputError(
            "training.keep", "the best checkpoint has weights alone, not what is kept of old tasks", fix=fix
        )
    old, new = original.weighting, changed.weighting
    if isinstance(old, ManualWeighting) and isinstance(new, ManualWeighting) and old.weights != new.weights:
        kept = spec_from_data(set_at(spec_to_data(changed), "weighting.weights", dict(old.weights)))
        changed = with_weights_from(kept, header.step, new.weights)
    problems = [
        Problem(path, "cannot differ in a fork: the state of the checkpoint depends on it", fix="Run it as a new run.")
        for path in dict.fromkeys(difference.path for difference in diff(original, changed))
        if not _may_change(path)
    ]
    earlier_moves = [[move for move in spec.weighting.moves if move.step < header.step] for spec in (original, changed)]
    if earlier_moves[0] != earlier_moves[1]:
        problems.append(Problem(_MOVES, f"cannot change before step {header.step}, with which the fork begins"))
    if problems:
        raise InputError.of(problems)
    _check_steps_left(changed, header, header.epoch if header.is_whole else epoch)
    return changed


def _may_change(path: str) -> bool:
    return (
        path == _MOVES
        or path.startswith(f"{_MOVES}[")
        or any(path == name or path.startswith((f"{name}.", f"{name}[")) for name in _CHANGEABLE)
    )


def _check_steps_left(spec: ExperimentSpec, header: CheckpointHeader, epoch: int | None) -> None:
    epochs, stopping = spec.training.epochs, spec.training.early_stopping
    if epoch is not None and epoch >= epochs:
        rule, fix = f"must be more than the {epoch} epochs of the checkpoint", "Raise it."
        raise InputError("training.epochs", rule, found=epochs, fix=fix)
    if header.is_whole and stopping is not None and header.bad_epochs >= stopping.patience:
        rule = f"would end the fork at once: {header.bad_epochs} epochs before the checkpoint were no better"
        raise InputError("training.early_stopping", rule, fix="Turn it off, or raise its patience.")


def length_dependence(spec: ExperimentSpec) -> str:
    """Return why more epochs would have changed the steps done so far, as a clause; empty if they would not have."""
    schedule, averaging = spec.training.schedule, spec.training.averaging
    if isinstance(schedule, CosineSchedule | PolynomialSchedule | OneCycleSchedule):
        return f"the schedule {schedule.title!r} depends on the number of epochs"
    if isinstance(averaging, Swa):
        return f"the weight average {averaging.title!r} depends on the number of epochs"
    return ""

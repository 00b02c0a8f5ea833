"""The loss weights that a person set while a run trained: set again when the run is resumed or repeated."""

from collections.abc import Sequence

from mtl_core.errors import StoreError
from mtl_core.protocol.weight_moves import read_weight_moves
from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.store import EventRecord


def spec_with_manual_weights(spec: ExperimentSpec, events: Sequence[EventRecord]) -> ExperimentSpec:
    """Return the spec that repeats a run, manual weight changes included.

    Args:
        spec: Spec of the run; its own changes come first.
        events: All events of the run, oldest first.

    Returns:
        ``spec`` with ``weighting.moves`` in the order of their steps.

    Raises:
        StoreError: An event of set weights is damaged.
    """
    manual_moves = weight_moves(events)
    if not manual_moves:
        return spec
    moves = sorted((*spec.weighting.moves, *manual_moves), key=lambda move: move.step)
    by_step = {
        move.step: move for move in moves
    }  # where the spec and a person set weights at one step, the person's count
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": tuple(by_step.values())})})


def weight_moves(events: Sequence[EventRecord]) -> tuple[WeightMove, ...]:
    """Return the weights that a person set during a run, in the order of the steps.

    Raises:
        StoreError: An event of set weights is damaged.
    """
    for event in events:
        if event.kind == "weights" and event.content is None:
            rule = f"its event of loss weights set at step {event.step} is damaged in the store"
            raise StoreError(f"run {event.run}", rule, fix="Run its experiment anew.")
    return read_weight_moves(event.content for event in events).by_person

"""The loss weights that a person set while a run trained: made again when the run goes on or is repeated."""

from collections.abc import Sequence

from mtl_core.errors import StoreError
from mtl_core.protocol.weight_moves import read_weight_moves
from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.store import EventRecord


def replayed_spec(spec: ExperimentSpec, events: Sequence[EventRecord]) -> ExperimentSpec:
    """The spec whose run repeats another one, the weights that a person set during it included.

    Args:
        spec: What the run was started with; its own moves come first.
        events: All events of the run, oldest first.

    Returns:
        ``spec`` with ``weighting.moves`` in the order of their steps.

    Raises:
        StoreError: An event of set weights is damaged.
    """
    by_person = weight_moves(events)
    if not by_person:
        return spec
    moves = sorted((*spec.weighting.moves, *by_person), key=lambda move: move.step)
    last = {move.step: move for move in moves}  # of the spec's and a person's at one step, the person's held
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": tuple(last.values())})})


def weight_moves(events: Sequence[EventRecord]) -> tuple[WeightMove, ...]:
    """The weights that a person set during a run, in the order of the steps; without them it would not repeat itself.

    Raises:
        StoreError: An event of set weights is damaged.
    """
    for event in events:
        if event.kind == "weights" and event.content is None:
            rule = f"its event of loss weights set at step {event.step} is damaged in the store"
            raise StoreError(f"run {event.run}", rule, fix="Run its experiment anew.")
    return read_weight_moves(event.content for event in events).by_person

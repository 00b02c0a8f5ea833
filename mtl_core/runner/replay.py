"""Running a run again: its spec, with the loss weights that were moved by hand while it trained."""

from collections.abc import Iterable

from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.store.records import EventRecord


def replayed_spec(spec: ExperimentSpec, events: Iterable[EventRecord]) -> ExperimentSpec:
    """The spec whose run repeats another one, hand-moved weights included.

    Args:
        spec: What the run was started with; its own moves come first.
        events: All events of the run, oldest first. Those of kind ``weights`` carry
            ``{"weights": {task: weight} | None, "step": step}``; one that a move of the spec caused carries
            ``"replayed": True`` besides and is passed over, as the spec has it already.

    Returns:
        ``spec`` with ``weighting.moves`` in the order of their steps.
    """
    moved = _moved_by_hand(events)
    if not moved:
        return spec
    moves = sorted((*spec.weighting.moves, *moved), key=lambda move: move.step)
    last = {move.step: move for move in moves}  # of several at one step, as after a crash, the last one held
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": tuple(last.values())})})


def _moved_by_hand(events: Iterable[EventRecord]) -> list[WeightMove]:
    moves: list[WeightMove] = []
    for event in events:
        match event.kind:
            case "resume":
                # A resumed run goes back to its checkpoint: what was moved after it never came to pass.
                moves = [move for move in moves if move.step <= event.step]
            case "weights" if not event.data.get("replayed"):
                weights = event.data.get("weights")
                step = int(event.data.get("step", event.step))
                weights = None if weights is None else {task: float(w) for task, w in weights.items()}
                moves.append(WeightMove(step=step, weights=weights))
    return moves

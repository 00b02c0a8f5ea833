"""Replay of a run: its spec with the manual weight changes that were made while it trained."""

from collections.abc import Iterable

from mtl_core.spec import ExperimentSpec, WeightMove
from mtl_core.store.records import EventRecord


def spec_with_manual_weights(spec: ExperimentSpec, events: Iterable[EventRecord]) -> ExperimentSpec:
    """Return the spec that repeats a run, manual weight changes included.

    Args:
        spec: Spec of the run; its own changes come first.
        events: All events of the run, oldest first. Those of kind ``weights`` carry
            ``{"weights": {task: weight} | None, "step": step}``; one that a move of the spec caused carries
            ``"replayed": True`` too and is skipped, as the spec contains it.

    Returns:
        ``spec`` with ``weighting.moves`` in the order of their steps.
    """
    manual_moves = _manual_moves(events)
    if not manual_moves:
        return spec
    moves = sorted((*spec.weighting.moves, *manual_moves), key=lambda move: move.step)
    by_step = {move.step: move for move in moves}  # of several at one step, as after a crash, the last one counts
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": tuple(by_step.values())})})


def _manual_moves(events: Iterable[EventRecord]) -> list[WeightMove]:
    moves: list[WeightMove] = []
    for event in events:
        match event.kind:
            case "resume":
                # A resumed run starts from its checkpoint: later changes are void.
                moves = [move for move in moves if move.step <= event.step]
            case "weights" if not event.data.get("replayed"):
                weights = event.data.get("weights")
                step = int(event.data.get("step", event.step))
                weights = None if weights is None else {task: float(w) for task, w in weights.items()}
                moves.append(WeightMove(step=step, weights=weights))
    return moves

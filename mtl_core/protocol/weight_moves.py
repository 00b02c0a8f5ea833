"""Reads the loss weights that were set by hand in a run from its events."""

from collections.abc import Iterable
from dataclasses import dataclass

from mtl_core.protocol.events import Event, StartEvent, WeightsEvent
from mtl_core.spec import WeightMove


@dataclass(frozen=True)
class WeightMoves:
    """The loss weights that were set by hand in a run.

    Attributes:
        applied: The moves that are in effect, oldest first. Moves after the checkpoint from which a run was resumed are
            not among them: the run records them again when it repeats their steps.
        by_person: The moves that a person requested during the run, in the order of steps, those after such a
            checkpoint included. A resumed run repeats them, and so does a run with the same spec.
    """

    applied: tuple[WeightsEvent, ...]
    by_person: tuple[WeightMove, ...]


def read_weight_moves(events: Iterable[Event | None]) -> WeightMoves:
    """Reads the loss weights that were set by hand in a run.

    Args:
        events: All events of the run, oldest first; None for one that cannot be read, which is skipped.
    """
    applied: list[WeightsEvent] = []
    by_person: dict[int, WeightMove] = {}
    for event in events:
        match event:
            case StartEvent():
                applied = [move for move in applied if move.data.step < event.step]
            case WeightsEvent():
                applied.append(event)
                if not event.data.replayed:  # of several at one step the last one counts
                    by_person[event.data.step] = WeightMove(step=event.data.step, weights=event.data.weights)
    return WeightMoves(tuple(applied), tuple(by_person[step] for step in sorted(by_person)))

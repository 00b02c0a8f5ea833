"""The loss weights that were set by hand in a run, read from its events."""

from collections.abc import Iterable
from dataclasses import dataclass

from mtl_core.protocol.events import Event, StartEvent, WeightsEvent
from mtl_core.spec import WeightMove


@dataclass(frozen=True)
class WeightMoves:
    """The loss weights that were set by hand in a run.

    Attributes:
        made: The events of the steps that stand, oldest first: where the run went back to a checkpoint, without those
            of the steps it left behind, which it writes again when it comes there.
        by_person: What a person asked for during the run, the steps left behind included, in the order of the steps.
            A run that goes on from a checkpoint makes them again, and a repetition of the run makes all of them.
    """

    made: tuple[WeightsEvent, ...]
    by_person: tuple[WeightMove, ...]


def read_weight_moves(events: Iterable[Event | None]) -> WeightMoves:
    """The loss weights that were set by hand in a run.

    Args:
        events: All events of the run, oldest first; None for one that cannot be read, which is passed over.
    """
    made: list[WeightsEvent] = []
    by_person: dict[int, WeightMove] = {}
    for event in events:
        match event:
            case StartEvent():
                made = [move for move in made if move.data.step < event.step]
            case WeightsEvent():
                made.append(event)
                if not event.data.replayed:  # of several at one step the last one holds
                    by_person[event.data.step] = WeightMove(step=event.data.step, weights=event.data.weights)
    return WeightMoves(tuple(made), tuple(by_person[step] for step in sorted(by_person)))

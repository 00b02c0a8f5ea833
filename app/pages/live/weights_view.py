"""View model of the manual loss weights; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtl_core.spec import ExperimentSpec, ManualWeighting
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.store import EventRecord, RunRecord


@dataclass(frozen=True)
class ManualWeightsView:
    """State of the card that changes loss weights.

    Attributes:
        enabled: Whether the run can be asked.
        by_hand: Whether weights set by hand are in force.
        method: The weighting method's name.
        sentence: Where the weights come from, in words.
        subtitle: When a change takes effect.
        weights: The weights in use, or those that the run will begin with, by task; a task whose weight is not known
            is missing.
    """

    enabled: bool
    by_hand: bool
    method: str
    sentence: str
    subtitle: str
    weights: Mapping[str, float]


def manual_weights_view(
    run: RunRecord, spec: ExperimentSpec | None, moves: Sequence[EventRecord], recorded: Mapping[str, float]
) -> ManualWeightsView:
    """The card that moves loss weights.

    Args:
        run: The run.
        spec: Its experiment, or None while it is being read.
        moves: Its weight events, oldest first.
        recorded: The newest recorded weight of each task that has one.
    """
    manual = manual_weights(moves[-1]) if moves else None
    enabled = run.state in ("running", "paused")
    method = spec.weighting.title.partition(" (")[0] if spec is not None else run.method
    return ManualWeightsView(
        enabled=enabled,
        by_hand=manual is not None,
        method=method,
        sentence=_sentence(run, method, moves, manual=bool(_initial(run, spec))),
        subtitle="apply from the next step" if enabled else "",
        weights={**_initial(run, spec), **recorded, **(manual or {})},
    )


def manual_weights(event: EventRecord) -> Mapping[str, float] | None:
    """The weights that a person set in a weight event; None where they handed them back to the method."""
    return event.data.get("weights")


def marker_text(event: EventRecord) -> str:
    """What a weight event says in the read-out of the curves."""
    manual = manual_weights(event)
    if manual is None:
        return "weights handed back to the method"
    if len(manual) > 3:
        return "weights set by hand"
    return "weights set: " + ", ".join(f"{task} {value:.3g}" for task, value in manual.items())


def last_move_text(moves: Sequence[EventRecord]) -> str:
    """The last weight event, for the header of the weights' curves."""
    if not moves:
        return ""
    step = group_digits(moves[-1].step)
    return f"moved by hand at step {step}" if manual_weights(moves[-1]) is not None else f"handed back at step {step}"


def _initial(run: RunRecord, spec: ExperimentSpec | None) -> Mapping[str, float]:
    """The weights that the experiment itself states; of other methods they are known only once the run trains."""
    if spec is None or not isinstance(spec.weighting, ManualWeighting):
        return {}
    return {task: spec.weighting.weights.get(task, 1.0) for task in run.tasks}


def _sentence(run: RunRecord, method: str, moves: Sequence[EventRecord], *, manual: bool) -> str:
    by_hand = bool(moves) and manual_weights(moves[-1]) is not None
    since = f"since step {group_digits(moves[-1].step)}" if moves else ""
    match run.state:
        case "queued" if manual:
            return "Not started. It will begin with these weights."
        case "queued":
            return f"Not started. The weights will be set by the method: {method}."
        case "running" | "paused" if by_hand:
            return f"{method} is off: the weights are yours {since}."
        case "running" | "paused":
            return f"Set by the method: {method}. Move a slider to take over."
        case _ if by_hand:
            return f"The weights were yours {since.replace('since', 'from')}."
        case _:
            return f"Were set by the method: {method}."

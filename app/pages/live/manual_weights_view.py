"""View model of the manual loss weights; no Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mtl_core.protocol.events import WeightsEvent
from mtl_core.spec import ExperimentSpec, ManualWeighting
from mtl_core.text import group_digits

if TYPE_CHECKING:
    from mtl_core.store import RunRecord


@dataclass(frozen=True)
class ManualWeightsView:
    """State of the card of manual loss weights.

    Attributes:
        enabled: Whether the run accepts changes.
        by_hand: Whether weights set by hand are in use.
        method: The weighting method's name.
        sentence: Source of the weights, as a sentence.
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
    run: RunRecord, spec: ExperimentSpec | None, moves: Sequence[WeightsEvent], recorded: Mapping[str, float]
) -> ManualWeightsView:
    """View of the card of manual loss weights.

    Args:
        run: The run.
        spec: Its experiment, or None while it is being read.
        moves: Its weight events, oldest first.
        recorded: The newest recorded weight of each task that has one.
    """
    manual = moves[-1].data.weights if moves else None
    enabled = run.is_live
    method = spec.weighting.title.partition(" (")[0] if spec is not None else run.method
    return ManualWeightsView(
        enabled=enabled,
        by_hand=manual is not None,
        method=method,
        sentence=_sentence(run, method, moves, manual=bool(_initial(run, spec))),
        subtitle="apply from the next step" if enabled else "",
        weights={**_initial(run, spec), **recorded, **(manual or {})},
    )


def marker_text(event: WeightsEvent) -> str:
    """Text of a weight event in the readout of the curves."""
    manual = event.data.weights
    if manual is None:
        return "weights handed back to the method"
    if len(manual) > 3:
        return "weights set by hand"
    return "weights set: " + ", ".join(f"{task} {value:.3g}" for task, value in manual.items())


def last_move_text(moves: Sequence[WeightsEvent]) -> str:
    """Text of the last weight event, for the header of the weight curves."""
    if not moves:
        return ""
    step = group_digits(moves[-1].step)
    return f"moved by hand at step {step}" if moves[-1].data.weights is not None else f"handed back at step {step}"


def _initial(run: RunRecord, spec: ExperimentSpec | None) -> Mapping[str, float]:
    """Initial weights of manual weighting; with other methods they are known only once the run trains."""
    if spec is None or not isinstance(spec.weighting, ManualWeighting):
        return {}
    return {task: spec.weighting.weights.get(task, 1.0) for task in run.tasks}


def _sentence(run: RunRecord, method: str, moves: Sequence[WeightsEvent], *, manual: bool) -> str:
    by_hand = bool(moves) and moves[-1].data.weights is not None
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
            return f"The weights were set by the method: {method}."

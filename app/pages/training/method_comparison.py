"""The texts of a comparison of weighting methods: what it trains, how long it takes, how far it is; without Qt."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.formatting import format_duration, format_quantity
from mtl_core.analysis.method_titles import method_title

if TYPE_CHECKING:
    from app.jobs import StudyState
    from mtl_core.analysis.run_time import TimeEstimate

SUGGESTED_METHODS = ("equal", "uncertainty", "pcgrad")
"""No weighting, one by the losses, one by the gradients."""
MOST_SEEDS = 20
_MOST_NAMED = 4


def run_count(methods: int, seeds: int, tasks: int, *, baselines: bool) -> int:
    """The number of runs of a comparison."""
    return seeds * (methods + (tasks if baselines else 0))


def methods_text(methods: Sequence[str]) -> str:
    """The chosen methods, of many only the first and how many more."""
    titles = [method_title(method) for method in methods]
    more = f" and {len(titles) - _MOST_NAMED} more" if len(titles) > _MOST_NAMED else ""
    return ", ".join(titles[:_MOST_NAMED]) + more if titles else "Choose methods"


def comparison_text(methods: int, seeds: int, tasks: int, *, baselines: bool) -> str:
    """The number of runs, and what it is made of: ``3 seeds × (3 methods + each of 2 tasks alone) = 15 runs``."""
    runs = format_quantity(run_count(methods, seeds, tasks, baselines=baselines), "run")
    alone = f" + each of {tasks} tasks alone" if baselines else ""
    each = f"({format_quantity(methods, 'method')}{alone})" if alone else format_quantity(methods, "method")
    warning = " One seed says nothing of chance: take three or more." if seeds == 1 else ""
    return f"{format_quantity(seeds, 'seed')} × {each} = {runs}, one after the other.{warning}"


def time_text(estimate: "TimeEstimate | None") -> str:
    """How long it takes, and how that is known."""
    if estimate is None:
        return "How long that takes is unknown until the first run of this experiment has finished."
    return f"Training takes about {format_duration(estimate.seconds)}, by the time of run {estimate.run}."


def progress_text(state: "StudyState") -> str:
    """How far a comparison is: ``7 of 12 runs``, and which runs have no result."""
    parts = [f"{state.ended} of {format_quantity(len(state.runs), 'run')}"]
    by_state: dict[str, list[str]] = {}
    for run in state.unfinished:
        by_state.setdefault(run.state, []).append(str(run.id))
    parts += [f"{word}: {', '.join(numbers)}" for word, numbers in by_state.items()]
    return f"Study {state.study}: {' · '.join(parts)}"

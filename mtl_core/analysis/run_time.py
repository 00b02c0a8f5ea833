"""How long runs of an experiment will train, by a finished run of the same experiment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mtl_core.spec import ExperimentSpec, StudyRun, flatten, spec_to_data
from mtl_core.spec.method_costs import measured_cost
from mtl_core.store.records import RunRecord
from mtl_core.store.store import RunStore

_MAX_READ = 40
"""Runs of the same data and tasks that are looked at, the newest ones."""
_IGNORED = ("version", "name", "training.seed")


@dataclass(frozen=True)
class TimeEstimate:
    """An estimate of the training time of several runs.

    Attributes:
        seconds: Time of all of them, one after the other.
        run: The finished run that it was taken from.
    """

    seconds: float
    run: int


def estimate_time(store: RunStore, spec: ExperimentSpec, members: Sequence[StudyRun]) -> TimeEstimate | None:
    """Estimate how long runs will train; None if no run of the experiment has finished.

    Another weighting method is taken to cost what was measured of it relative to a plain sum of the losses; a
    baseline is taken to cost as much as a plain sum, which is more than it does.

    Args:
        store: The store.
        spec: The experiment; seed, name and weighting do not matter.
        members: The runs.
    """
    own = _compared(spec_to_data(spec))
    candidates = store.runs(query=f"state:finished baseline:none task:{spec.task_names[0]}")
    same = [run for run in candidates if run.tasks == spec.task_names and run.seconds > 0]
    for run in sorted(same, key=lambda run: run.id, reverse=True)[:_MAX_READ]:
        if _compared(store.spec_data(run.id)) == own:
            return TimeEstimate(_plain_seconds(store, run) * sum(_cost(m.spec.weighting) for m in members), run.id)
    return None


def _compared(data: Mapping[str, Any]) -> dict[str, Any]:
    settings = flatten(data)
    return {
        path: value
        for path, value in settings.items()
        if path not in _IGNORED and path.partition(".")[0] != "weighting"
    }


def _plain_seconds(store: RunStore, run: RunRecord) -> float:
    return run.seconds / _cost(store.spec(run.id).weighting)


def _cost(weighting: Any) -> float:
    """Time of a step relative to a plain sum: the geometric mean of the two models that were measured."""
    cost = measured_cost(weighting.kind, getattr(weighting, "level", ""))
    return 1.0 if cost is None else math.sqrt(cost.mlp * cost.cnn)

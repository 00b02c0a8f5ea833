"""Eight seeds of a small MLP in one loop, and the same runs one after the other."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from mtl_core.runner.execution import execute
from mtl_core.runner.joint_execution import execute_jointly
from mtl_core.spec import ExperimentSpec, study_members
from mtl_core.store import RunStore, open_store

SEEDS = 8


@dataclass
class Seeds:
    """Seconds from the first run's row to the last one's end, round by round."""

    one_by_one: list[float] = field(default_factory=list)
    together: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Median over the rounds of the time one by one as a multiple of the time together."""
        return median(alone / all_ for alone, all_ in zip(self.one_by_one, self.together, strict=True))


def seeds(spec: ExperimentSpec, folder: Path, rounds: int) -> Seeds:
    """Train eight seeds both ways in turn, as real runs of a store; the round that warms up has one epoch.

    Args:
        spec: The experiment.
        folder: For the store.
        rounds: How often.
    """
    found = Seeds()
    with open_store(folder / "runs.sqlite") as store:
        short = spec.model_copy(update={"training": spec.training.model_copy(update={"epochs": 1})})
        _one_by_one(store, short)
        _together(store, short)
        for number in range(rounds):
            ways = [(_one_by_one, found.one_by_one), (_together, found.together)]
            for way, times in ways if number % 2 else reversed(ways):
                times.append(way(store, spec))
    return found


def _one_by_one(store: RunStore, spec: ExperimentSpec) -> float:
    runs = _queued(store, spec)
    begun = time.perf_counter()
    states = [execute(store, run).state for run in runs]
    took = time.perf_counter() - begun
    assert states == ["finished"] * SEEDS
    return took


def _together(store: RunStore, spec: ExperimentSpec) -> float:
    runs = _queued(store, spec)
    begun = time.perf_counter()
    endings = execute_jointly(store, runs)
    took = time.perf_counter() - begun
    assert [ending.state for ending in endings] == ["finished"] * SEEDS, endings
    return took


def _queued(store: RunStore, spec: ExperimentSpec) -> list[int]:
    return store.create_study(study_members(spec, range(SEEDS), baselines=False))

"""Samples a second by hand, with a ``DataLoader``, and by the trainer with a window attached, side by side."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from mtl_core.datasets.preparation import load
from mtl_core.store import open_store
from tests.benchmarks.by_hand import Took, in_memory, with_loader
from tests.benchmarks.trainer import Trained, train
from tests.benchmarks.window import Window
from tests.benchmarks.workloads import Workload

BY_HAND, LOADER, TRAINER = "by hand, tensors in memory", "by hand, DataLoader", "this trainer, stored and watched"
_FEWEST = 3


@dataclass
class Race:
    """What each contestant took, round by round."""

    workload: Workload
    laps: dict[str, list[Took]] = field(default_factory=lambda: {BY_HAND: [], LOADER: [], TRAINER: []})
    runs: list[Trained] = field(default_factory=list)
    window_cpu: list[float] = field(default_factory=list)

    @property
    def threads(self) -> int:
        """Threads of torch, the same for all three."""
        return self.laps[BY_HAND][0].threads

    def speed(self, name: str) -> float:
        """Median of the rounds."""
        return median(lap.speed for lap in self.laps[name])

    def ratio(self, name: str) -> float:
        """Median over the rounds of the speed against the loop by hand of the same round."""
        pairs = zip(self.laps[name], self.laps[BY_HAND], strict=True)
        return median(lap.speed / by_hand.speed for lap, by_hand in pairs)

    def spread(self, name: str) -> tuple[float, float]:
        """Between which values the middle half of the ratios lies."""
        pairs = zip(self.laps[name], self.laps[BY_HAND], strict=True)
        low, _, high = quantiles([lap.speed / by_hand.speed for lap, by_hand in pairs], n=4)
        return low, high

    def cpu_per_row(self, name: str) -> float:
        """Median processor time of the training process for a row, in seconds."""
        return median(lap.cpu / lap.rows for lap in self.laps[name])


def race(workload: Workload, folder: Path, rounds: int, seconds: float) -> Race:
    """Let the three run in turn, each round beginning with another one, after one round that does not count.

    The window has the processor only while the trainer runs: the loops by hand are measured alone.

    Args:
        workload: What they train.
        folder: For the store and the window's files.
        rounds: How many count, at most.
        seconds: No round begins later, after the first three.
    """
    data = load(workload.spec.dataset, workload.spec.tasks)
    found = Race(workload)
    with open_store(folder / "runs.sqlite") as store, Window(folder, folder / "runs.sqlite") as window:
        window.wait_for("ready")

        def alone(loop: Callable[..., Took]) -> Took:
            with window.halted():
                return loop(workload, data)

        def watched() -> Took:
            before = window.ask("report")["cpu"]
            found.runs.append(train(workload, data, store, lambda run: window.ask(f"follow {run}")))
            took = found.runs[-1]
            found.window_cpu.append((window.ask("report")["cpu"] - before) / (took.epochs.wall + took.around))
            return took.epochs

        contestants = {
            BY_HAND: lambda: alone(in_memory),
            LOADER: lambda: alone(with_loader),
            TRAINER: watched,
        }
        names = list(contestants)
        deadline = time.monotonic() + seconds
        for number in range(rounds + 1):
            if number > _FEWEST and time.monotonic() > deadline:
                break
            for name in names:
                took = contestants[name]()
                if number:
                    found.laps[name].append(took)
            names = names[1:] + names[:1]
    return found

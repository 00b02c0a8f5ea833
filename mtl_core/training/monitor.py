"""The best epoch, and when to stop."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mtl_core.spec import TOTAL, EarlyStopping
from mtl_core.training.validation import Scores


@dataclass
class Monitor:
    """Follows one validation value over the epochs.

    Attributes:
        path: ``total``, a task (its loss) or ``task.metric``.
        direction: Which way is better.
        best: The best value so far, at step ``best_step``.
        waited: Epochs since the last improvement by more than ``min_delta``.
    """

    path: str
    direction: Literal["min", "max"]
    best: float = math.nan
    best_step: int = -1
    waited: int = 0

    def value(self, scores: Scores, total: float) -> float:
        """The monitored value among an epoch's scores; NaN when it is not there."""
        if self.path == TOTAL:
            return total
        task, _, metric = self.path.partition(".")
        return scores.get(task, {}).get(metric or "loss", math.nan)

    def improved(self, value: float, step: int, min_delta: float = 0.0) -> bool:
        """Take in an epoch's value; whether it is better than the best so far by more than ``min_delta``."""
        gain = self.best - value if self.direction == "min" else value - self.best
        first = math.isnan(self.best) and not math.isnan(value)
        if first or gain > min_delta:
            self.best, self.best_step, self.waited = value, step, 0
            return True
        self.waited += 1
        return False

    def exhausted(self, stopping: EarlyStopping | None) -> bool:
        """Whether early stopping says that this was the last epoch."""
        return stopping is not None and self.waited >= stopping.patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {k: v for k, v in asdict(self).items() if k in ("best", "best_step", "waited")}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back a kept state."""
        self.best, self.best_step, self.waited = state["best"], state["best_step"], state["waited"]

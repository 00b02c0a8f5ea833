"""The best epoch, and when to stop."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mtl_core.spec import TOTAL, EarlyStopping
from mtl_core.training.checkpoints import count, number
from mtl_core.training.validation import Scores

_KEPT = ("best", "best_step", "mark", "waited")


@dataclass
class Monitor:
    """Follows one validation value over the epochs.

    Attributes:
        path: ``total``, a task (its loss) or ``task.metric``.
        direction: Which way is better.
        best: The best value so far, at step ``best_step``.
        mark: The last value that was better than the mark before by more than ``min_delta``.
        waited: Epochs since then.
    """

    path: str
    direction: Literal["min", "max"]
    best: float = math.nan
    best_step: int = -1
    mark: float = math.nan
    waited: int = 0

    def value(self, scores: Scores, total: float) -> float:
        """The monitored value among an epoch's scores; NaN when it is not there."""
        if self.path == TOTAL:
            return total
        task, _, metric = self.path.partition(".")
        return scores.get(task, {}).get(metric or "loss", math.nan)

    def improved(self, value: float, step: int, min_delta: float = 0.0) -> bool:
        """Take in an epoch's value; whether it is the best so far.

        Waiting begins with the first value that is a number: what is never there cannot fail to improve.
        """
        if self._better(value, self.mark, min_delta):
            self.mark, self.waited = value, 0
        elif not math.isnan(self.mark):
            self.waited += 1
        if not self._better(value, self.best):
            return False
        self.best, self.best_step = value, step
        return True

    def _better(self, value: float, than: float, by: float = 0.0) -> bool:
        if math.isnan(than):
            return not math.isnan(value)
        return (than - value if self.direction == "min" else value - than) > by

    def exhausted(self, stopping: EarlyStopping | None) -> bool:
        """Whether early stopping says that this was the last epoch."""
        return stopping is not None and self.waited >= stopping.patience

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {name: value for name, value in asdict(self).items() if name in _KEPT}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back a kept state.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        self.best, self.mark = number(state["best"]), number(state["mark"])
        self.best_step, self.waited = count(state["best_step"] + 1) - 1, count(state["waited"])

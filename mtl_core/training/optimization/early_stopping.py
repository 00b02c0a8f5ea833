"""The best epoch, and when to stop."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from mtl_core.spec import TOTAL, EarlyStopping
from mtl_core.tasks.undefined_metrics import why_undefined
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.persistence.checkpoints import count, number

_KEPT = ("best", "best_step", "mark", "waited", "substitute")


@dataclass
class Monitor:
    """Follows one validation value over the epochs; the total loss as long as that is a metric without a value.

    Attributes:
        path: ``total``, a task (its loss) or ``task.metric``.
        better: Which way the value at the path is better.
        best: The best value so far, at step ``best_step``.
        mark: The last value that was better than the mark before by more than ``min_delta``.
        waited: Epochs since then.
        substitute: Whether the total loss stands in.
        told: Whether it was told that nothing can.
    """

    path: str
    better: Literal["min", "max"]
    best: float = math.nan
    best_step: int = -1
    mark: float = math.nan
    waited: int = 0
    substitute: bool = False
    told: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """What is followed."""
        return "total loss" if self.substitute else self.path

    @property
    def direction(self) -> Literal["min", "max"]:
        """Which way what is followed is better."""
        return "min" if self.substitute else self.better

    def value(self, scores: Scores, total_loss: float) -> float:
        """An epoch's value of what is followed; NaN when it is not there."""
        return total_loss if self.substitute else self._at_path(scores, total_loss)

    def _at_path(self, scores: Scores, total_loss: float) -> float:
        if self.path == TOTAL:
            return total_loss
        task, _, metric = self.path.partition(".")
        return scores.get(task, {}).get(metric or "loss", math.nan)

    def switch(self, scores: Scores, total_loss: float) -> str:
        """See before an epoch's value is taken what there is to follow; on a change, what to say of it, else nothing.

        Where the monitored value comes late, its best epoch begins with it: no comparison with the total loss is one.
        """
        absent = math.isnan(self._at_path(scores, total_loss))
        if self.substitute and not absent:
            self.substitute = False
            self.best, self.best_step, self.mark, self.waited = math.nan, -1, math.nan, 0
            return f"{self.path} has a value: from here on it chooses the best epoch"
        if self.substitute or not absent or not math.isnan(self.best):
            return ""
        task, _, metric = self.path.partition(".")
        if self.path == TOTAL or math.isnan(scores.get(task, {}).get("loss", math.nan)):
            return self._without_labels()
        self.substitute = True
        why = why_undefined(metric)
        return (
            f"{self.path} has no value on the validation rows ({why}): as long as it has none, the total validation "
            "loss chooses the best epoch, and early stopping follows it"
        )

    def _without_labels(self) -> str:
        """To be told once; nothing stands in where a person wants to judge by labels that are not there."""
        if self.told:
            return ""
        self.told = True
        what = "any task" if self.path == TOTAL else f"task {self.path.partition('.')[0]!r}"
        return (
            f"no validation row has a label of {what}, so that {self.path} has no value: no epoch is the best, nothing "
            "stops early, and the last model is kept. Monitor something else, or split the rows differently"
        )

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
        """Take back a kept state; one of an earlier release had no substitute.

        Raises:
            KeyError, TypeError, ValueError: It is none.
        """
        self.best, self.mark = number(state["best"]), number(state["mark"])
        self.best_step, self.waited = count(state["best_step"] + 1) - 1, count(state["waited"])
        self.substitute = bool(state.get("substitute", False))

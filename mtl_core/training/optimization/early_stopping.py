"""Monitor of a validation value: selects the best epoch, and decides about early stopping."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mtl_core.spec import TOTAL, EarlyStopping
from mtl_core.tasks.undefined_metrics import why_undefined
from mtl_core.training.metrics.validation import Scores
from mtl_core.training.persistence.checkpoints import read_count, read_number

_STATE_ATTRIBUTES = {
    "best": "best",
    "best_step": "best_step",
    "mark": "reference",
    "waited": "num_bad_epochs",
    "substitute": "substitute",
}
"""Attribute of each value of a saved state."""


@dataclass
class Monitor:
    """Monitors one validation value over the epochs; the total loss as a substitute while a metric has no value.

    Attributes:
        path: ``total``, a task (its loss) or ``task.metric``.
        path_direction: Direction of the value at the path.
        best: The best value so far, reached at step ``best_step``.
        reference: The last value that improved on the previous reference by more than ``min_delta``.
        num_bad_epochs: Epochs without such an improvement.
        substitute: Whether the total loss is the substitute.
        has_warned: Whether a warning was given that no label allows a substitute.
    """

    path: str
    path_direction: Literal["min", "max"]
    best: float = math.nan
    best_step: int = -1
    reference: float = math.nan
    num_bad_epochs: int = 0
    substitute: bool = False
    has_warned: bool = field(default=False, compare=False)

    @property
    def name(self) -> str:
        """Name of the monitored value."""
        return "total loss" if self.substitute else self.path

    @property
    def direction(self) -> Literal["min", "max"]:
        """Direction of the monitored value."""
        return "min" if self.substitute else self.path_direction

    def value(self, scores: Scores, total_loss: float) -> float:
        """Return the monitored value of an epoch; NaN if it is undefined."""
        return total_loss if self.substitute else self._monitored_value(scores, total_loss)

    def _monitored_value(self, scores: Scores, total_loss: float) -> float:
        if self.path == TOTAL:
            return total_loss
        task, _, metric = self.path.partition(".")
        return scores.get(task, {}).get(metric or "loss", math.nan)

    def update_substitute(self, scores: Scores, total_loss: float) -> str:
        """Switch to or from the total loss as substitute; return a warning on a change, else an empty text.

        To be called before an epoch's value is read. When the monitored value becomes defined late, the search for the
        best epoch starts anew, as its values cannot be compared with the total loss.
        """
        absent = math.isnan(self._monitored_value(scores, total_loss))
        if self.substitute and not absent:
            self.substitute = False
            self.best, self.best_step, self.reference, self.num_bad_epochs = math.nan, -1, math.nan, 0
            return f"{self.path} has a value: from here on it chooses the best epoch"
        if self.substitute or not absent or not math.isnan(self.best):
            return ""
        task, _, metric = self.path.partition(".")
        if self.path == TOTAL or math.isnan(scores.get(task, {}).get("loss", math.nan)):
            return self._missing_labels_message()
        self.substitute = True
        reason = why_undefined(metric)
        return (
            f"{self.path} has no value on the validation rows ({reason}): as long as it has none, the total validation "
            "loss chooses the best epoch, and early stopping follows it"
        )

    def _missing_labels_message(self) -> str:
        """Return a warning, once, that no validation label exists; there is no substitute in that case."""
        if self.has_warned:
            return ""
        self.has_warned = True
        task = "any task" if self.path == TOTAL else f"task {self.path.partition('.')[0]!r}"
        return (
            f"no validation row has a label of {task}, so that {self.path} has no value: no epoch is the best, nothing "
            "stops early, and the last model is kept. Monitor something else, or split the rows differently"
        )

    def update(self, value: float, step: int, min_delta: float = 0.0) -> bool:
        """Update with an epoch's value; return whether it is the best so far.

        Epochs before the first defined value do not count towards the patience.
        """
        if self._is_better(value, self.reference, min_delta):
            self.reference, self.num_bad_epochs = value, 0
        elif not math.isnan(self.reference):
            self.num_bad_epochs += 1
        if not self._is_better(value, self.best):
            return False
        self.best, self.best_step = value, step
        return True

    def _is_better(self, value: float, reference: float, min_delta: float = 0.0) -> bool:
        if math.isnan(reference):
            return not math.isnan(value)
        return (reference - value if self.direction == "min" else value - reference) > min_delta

    def should_stop(self, stopping: EarlyStopping | None) -> bool:
        """Whether the patience of early stopping is exhausted."""
        return stopping is not None and self.num_bad_epochs >= stopping.patience

    def state_dict(self) -> dict[str, Any]:
        """Return the best value, the patience and the substitute."""
        return {key: getattr(self, attribute) for key, attribute in _STATE_ATTRIBUTES.items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a state; that of an early release has no ``substitute``.

        Raises:
            KeyError, TypeError, ValueError: It is not valid.
        """
        self.best, self.reference = read_number(state["best"]), read_number(state["mark"])
        self.best_step, self.num_bad_epochs = read_count(state["best_step"] + 1) - 1, read_count(state["waited"])
        self.substitute = bool(state.get("substitute", False))

"""The predictions of one run for one task on one split, with targets and the loss of each row."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

Form = Literal["classes", "labels", "values", "losses"]
"""What targets and predictions are: one class for each row, several labels, numbers, or neither (only losses)."""
WORST_SHARE = 0.1
"""Share of the rows of a task without classes that count as errors: those with the highest loss."""


@dataclass(frozen=True, eq=False)
class TaskPredictions:
    """Predictions of a task for N rows; every array has the rows in the same order.

    Attributes:
        task: Name of the task.
        form: What targets and predictions are.
        names: The classes, labels or values; empty for ``losses``.
        rows: ``[N]`` indices of the rows in the data, from 0.
        targets: ``[N]`` classes, -1 where missing; ``[N, L]`` labels 0 and 1, -1 where missing; ``[N, W]`` values in
            the target's units, NaN where missing; ``[N, 0]`` for ``losses``.
        predictions: ``[N, C]`` probabilities of the classes; ``[N, L]`` of the labels; ``[N, W]`` values in the
            target's units, NaN where undefined; ``[N, 0]`` for ``losses``.
        losses: ``[N]`` the task's loss of each row alone, NaN where it has no label.
        ordered: Whether the classes have an order, so that the predicted class is the median.
    """

    task: str
    form: Form
    names: tuple[str, ...]
    rows: Integers
    targets: NDArray[np.int64] | NDArray[np.float64]
    predictions: Floats
    losses: Floats
    ordered: bool = False

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def labeled(self) -> Booleans:
        """``[N]``, true where a row has a label."""
        return np.isfinite(self.losses)

    @property
    def predicted_classes(self) -> Integers:
        """``[N]`` predicted classes: the most probable one, of ordered classes the median of the distribution."""
        if self.ordered:
            above = 1 - np.cumsum(self.predictions, axis=1)[:, :-1]
            return np.asarray((above > 0.5).sum(axis=1), np.int64)
        return np.asarray(self.predictions.argmax(axis=1), np.int64)

    @property
    def errors(self) -> Booleans:
        """``[N]``, true where the prediction is wrong.

        That is another class, any wrong label, or, for a task without classes, a loss among the highest
        :data:`WORST_SHARE` of the labeled rows.
        """
        if self.form == "classes":
            return np.asarray(self.labeled & (self.predicted_classes != self.targets), bool)
        if self.form == "labels":
            wrong = (self.targets >= 0) & ((self.predictions > 0.5) != (self.targets == 1))
            return np.asarray(wrong.any(axis=1), bool)
        if not self.labeled.any():
            return np.zeros(len(self), bool)
        return self.labeled & (self.losses > np.quantile(self.losses[self.labeled], 1 - WORST_SHARE))


def binary_targets(predictions: TaskPredictions, index: int) -> tuple[Booleans, Floats]:
    """Return targets and probabilities of one class against the others, or of one label, of the rows that have it.

    Args:
        predictions: Predictions of classes or labels.
        index: Index of the class or label.

    Returns:
        ``[M]`` whether it applies, and ``[M]`` its probability.
    """
    if predictions.form == "classes":
        known = predictions.targets >= 0
        return predictions.targets[known] == index, predictions.predictions[known, index]
    known = predictions.targets[:, index] >= 0
    return predictions.targets[known, index] == 1, predictions.predictions[known, index]

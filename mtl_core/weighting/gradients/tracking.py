"""Gradients that a method remembers from step to step."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.errors import StoreError
from mtl_core.weighting.gradients.aggregation import Aggregator
from mtl_core.weighting.interface import matching


class TrackingAggregator(Aggregator):
    """An aggregator with a row per task, as wide as the gradients, and small state beside it.

    The rows are zeros until the first gradients are seen, and again when the gradients' width changes (parameters
    were frozen or freed); until then they have width 0, and are saved like that.

    Args:
        ones: [K] ones where the losses will be.
        small: Further state, by name; float64 on the CPU unless given otherwise.
    """

    wide = "rows"
    """The name of the rows in a saved state."""

    def __init__(self, ones: Tensor, **small: Tensor) -> None:
        self._rows = ones.new_zeros((len(ones), 0))
        self._small = small

    def recall(self, jacobian: Tensor, rows: Sequence[int] | None) -> Tensor:
        """The remembered rows of the tasks in the batch, in the type and place of the Jacobian, [K, P]."""
        size = (len(self._rows), jacobian.shape[1])
        if self._rows.shape != size:
            self._rows = jacobian.new_zeros(size)
        self._rows = self._rows.to(jacobian)
        return self._rows if rows is None else self._rows[list(rows)]

    def remember(self, values: Tensor, rows: Sequence[int] | None) -> None:
        """Keeps new rows of the tasks in the batch, [K, P]."""
        if rows is None:
            self._rows = values
        else:
            self._rows[list(rows)] = values

    def memory(self) -> dict[str, Tensor]:
        """The rows, [K, P], or [K, 0] before the first step, and the small state."""
        return {**self._small, self.wide: self._rows}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Takes both back; the rows may be of any width.

        Raises:
            StoreError: The names or shapes are not those of this method and number of tasks.
        """
        rows = state.get(self.wide)
        if rows is None or rows.ndim != 2 or len(rows) != len(self._rows):
            raise StoreError(
                "checkpoint.weighting",
                f"must hold {self.wide} of {len(self._rows)} tasks",
                found=None if rows is None else list(rows.shape),
                fix="Resume with the weighting method and the tasks the run was started with.",
            )
        small = {name: tensor for name, tensor in state.items() if name != self.wide}
        for name, tensor in matching(small, self._small).items():
            self._small[name].copy_(tensor)
        self._rows = rows.detach().to(self._rows, copy=True)


def lengths_of(jacobian: Tensor) -> Tensor:
    """[K] the rows' lengths in float64."""
    lengths: Tensor = torch.linalg.vector_norm(jacobian, dim=1, dtype=torch.float64)
    return lengths


def usable(lengths: Tensor, losses: Tensor) -> bool:
    """Whether gradients and losses are finite; if not, nothing is to be remembered of the step."""
    return bool((lengths.sum() + losses.double().abs().sum()).isfinite())

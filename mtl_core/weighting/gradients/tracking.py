"""Base class of aggregators that track a statistic of each task's gradient over the steps."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.errors import StoreError
from mtl_core.weighting.gradients.aggregation import Aggregator
from mtl_core.weighting.interface import match_state


class TrackingAggregator(Aggregator):
    """An aggregator with one tracked row per task, as wide as the gradients, and further small buffers.

    The rows are zeros before the first step, and again after the gradients' width changes (parameters
    were frozen or unfrozen); before the first step they have width 0, and are saved like that.

    Args:
        ones: [K] ones on the losses' device.
        small: Further buffers, by the name in a saved state; float64 on the CPU unless given otherwise.
    """

    rows_name = "rows"
    """The name of the rows in a saved state."""

    def __init__(self, ones: Tensor, **small: Tensor) -> None:
        self._rows = ones.new_zeros((len(ones), 0))
        self._small = small

    def read_rows(self, jacobian: Tensor, rows: Sequence[int] | None) -> Tensor:
        """The tracked rows of the tasks in the batch, [K, P], with the Jacobian's dtype and device."""
        size = (len(self._rows), jacobian.shape[1])
        if self._rows.shape != size:
            self._rows = jacobian.new_zeros(size)
        self._rows = self._rows.to(jacobian)
        return self._rows if rows is None else self._rows[list(rows)]

    def write_rows(self, values: Tensor, rows: Sequence[int] | None) -> None:
        """Replace the tracked rows of the tasks in the batch, [K, P]."""
        if rows is None:
            self._rows = values
        else:
            self._rows[list(rows)] = values

    def buffers(self) -> dict[str, Tensor]:
        """The rows, [K, P], or [K, 0] before the first step, and the small buffers."""
        return {**self._small, self.rows_name: self._rows}

    def load_buffers(self, state: Mapping[str, Tensor]) -> None:
        """Restore the rows, which may have any width, and the small buffers.

        Raises:
            StoreError: The names or shapes do not fit this method and number of tasks.
        """
        rows = state.get(self.rows_name)
        if rows is None or rows.ndim != 2 or len(rows) != len(self._rows):
            raise StoreError(
                "checkpoint.weighting",
                f"must hold {self.rows_name} of {len(self._rows)} tasks",
                found=None if rows is None else list(rows.shape),
                fix="Resume with the weighting method and the tasks the run was started with.",
            )
        small = {name: tensor for name, tensor in state.items() if name != self.rows_name}
        for name, tensor in match_state(small, self._small).items():
            self._small[name].copy_(tensor)
        self._rows = rows.detach().to(self._rows, copy=True)


def row_norms(jacobian: Tensor) -> Tensor:
    """[K] the norms of the rows in float64."""
    norms: Tensor = torch.linalg.vector_norm(jacobian, dim=1, dtype=torch.float64)
    return norms


def all_finite(norms: Tensor, losses: Tensor) -> bool:
    """Whether gradient norms and losses are finite; if not, the step must not change what is tracked."""
    return bool((norms.sum() + losses.double().abs().sum()).isfinite())

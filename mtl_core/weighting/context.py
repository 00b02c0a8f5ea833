"""The context in which a weighting method is built: the tasks, and the device and dtype of their losses."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mtl_core.spec import InputError


@dataclass(frozen=True)
class WeightingContext:
    """The tasks of a weighting method, and the device and dtype of their losses.

    Attributes:
        names: The tasks' names, in task order.
        kinds: The tasks' kinds, in task order.
        device: The losses' device.
        dtype: The losses' dtype; the method's parameters have the same.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    device: torch.device
    dtype: torch.dtype

    @property
    def ones(self) -> torch.Tensor:
        """[K] ones with the losses' device and dtype."""
        return torch.ones(len(self.names), device=self.device, dtype=self.dtype)

    def per_task(self, values: Mapping[str, float], field: str, default: float = 1.0) -> torch.Tensor:
        """Convert values by task name to a [K] tensor with the losses' device and dtype.

        Args:
            values: By task name.
            field: The spec field they come from, for the error message.
            default: The value of a task that is not named.

        Raises:
            InputError: A name is not that of a task.
        """
        unknown = [name for name in values if name not in self.names]
        if unknown:
            raise InputError(
                f"weighting.{field}",
                f"each name must be a task: {', '.join(self.names)}",
                found=unknown[0],
                fix="Remove the entry or rename it.",
            )
        ordered = [values.get(name, default) for name in self.names]
        return torch.tensor(ordered, device=self.device, dtype=self.dtype)

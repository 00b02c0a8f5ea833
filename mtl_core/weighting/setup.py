"""What a weighting method is built for: the tasks, and the device and dtype of their losses."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from mtl_core.spec import InputError


@dataclass(frozen=True)
class Setup:
    """What a method is built for.

    Attributes:
        names: The tasks' names, in task order.
        kinds: The tasks' kinds, in task order.
        device: Where the losses will be.
        dtype: The losses' type; what a method learns has the same.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    device: torch.device
    dtype: torch.dtype

    @property
    def ones(self) -> torch.Tensor:
        """[K] ones where the losses will be."""
        return torch.ones(len(self.names), device=self.device, dtype=self.dtype)

    def per_task(self, given: Mapping[str, float], field: str, default: float = 1.0) -> torch.Tensor:
        """[K] a number per task where the losses will be.

        Args:
            given: By the name of the task.
            field: The weighting's field it is from.
            default: For a task left out.

        Raises:
            InputError: A number is for a task that does not exist.
        """
        unknown = [name for name in given if name not in self.names]
        if unknown:
            raise InputError(
                f"weighting.{field}",
                f"each name must be a task: {', '.join(self.names)}",
                found=unknown[0],
                fix="Remove the entry or rename it.",
            )
        values = [given.get(name, default) for name in self.names]
        return torch.tensor(values, device=self.device, dtype=self.dtype)

"""From a weighting spec to the weighting that trains."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import torch

from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting.interface import Weighting


class TaskLike(Protocol):
    """What a weighting needs to know of a task spec."""

    @property
    def name(self) -> str:
        """The task's name."""
        ...

    @property
    def kind(self) -> str:
        """The task's kind, e.g. ``regression``."""
        ...


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


def build_weighting(
    spec: WeightingSpec,
    tasks: Sequence[TaskLike | tuple[str, str]],
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> Weighting:
    """The weighting method that a spec asks for.

    Args:
        spec: Any kind of weighting; the module ``mtl_core.weighting.methods.<kind>`` builds it.
        tasks: The experiment's tasks, or (name, kind) pairs, in task order.
        device: The training device.
        dtype: The losses' floating type; torch's default without it.

    Raises:
        InputError: The spec does not fit the tasks, e.g. a weight for a task that is not there.
    """
    pairs = [task if isinstance(task, tuple) else (task.name, task.kind) for task in tasks]
    setup = Setup(
        names=tuple(name for name, _ in pairs),
        kinds=tuple(kind for _, kind in pairs),
        device=torch.device(device),
        dtype=dtype or torch.get_default_dtype(),
    )
    module = import_module(f"mtl_core.weighting.methods.{spec.kind}")
    return cast(Weighting, module.build(spec, setup))

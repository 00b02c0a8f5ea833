"""From a weighting spec to the weighting that trains."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

import torch

from mtl_core.spec import InputError
from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting.aggregated import Aggregated
from mtl_core.weighting.interface import Weighting
from mtl_core.weighting.normalized import Normalized


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
    method = cast(Weighting, module.build(spec, setup))
    if isinstance(method, Aggregated):
        method.level = getattr(spec, "level", method.level)
    return method if spec.normalize == "none" else Normalized(method, spec.normalize, setup.ones)

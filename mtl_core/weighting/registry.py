"""Builds the weighting for a weighting spec, by the module named after its kind."""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

import torch

from mtl_core.errors import EnvironmentFault
from mtl_core.plugins import builder_of
from mtl_core.spec.weighting import Weighting as WeightingSpec
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.gradients.aggregation import GradientAggregation
from mtl_core.weighting.interface import Weighting
from mtl_core.weighting.wrappers.normalization import LossNormalization


class TaskLike(Protocol):
    """The attributes of a task spec that a weighting depends on."""

    @property
    def name(self) -> str:
        """The task's name."""
        ...

    @property
    def kind(self) -> str:
        """The task's kind, e.g. ``regression``."""
        ...


def build_weighting(
    spec: WeightingSpec,
    tasks: Sequence[TaskLike | tuple[str, str]],
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype | None = None,
) -> Weighting:
    """Build the weighting that a spec describes.

    Args:
        spec: Any kind of weighting; the module ``mtl_core.weighting.methods.<kind>`` builds it, or the ``builder``
            that a method of another package names.
        tasks: The experiment's tasks, or (name, kind) pairs, in task order.
        device: The training device.
        dtype: The losses' dtype; torch's default dtype if None.

    Raises:
        InputError: The spec does not fit the tasks, e.g. a weight for a task that is not there.
        EnvironmentFault: The method's package cannot build it.
    """
    pairs = [task if isinstance(task, tuple) else (task.name, task.kind) for task in tasks]
    context = WeightingContext(
        names=tuple(name for name, _ in pairs),
        kinds=tuple(kind for _, kind in pairs),
        device=torch.device(device),
        dtype=dtype or torch.get_default_dtype(),
    )
    method = _build_method(spec, context)
    if isinstance(method, GradientAggregation):
        method.level = getattr(spec, "level", method.level)
    return method if spec.normalize == "none" else LossNormalization(method, spec.normalize, context.ones)


def _build_method(spec: WeightingSpec, context: WeightingContext) -> Weighting:
    """Build the method of a spec, without normalization."""
    if not spec.builder:
        module = import_module(f"mtl_core.weighting.methods.{spec.kind}")
        return cast(Weighting, module.build(spec, context))
    method = builder_of(type(spec)).build(spec, context)
    if not isinstance(method, Weighting):
        rule = f"{spec.builder}.build must return a mtl_core.weighting.Weighting"
        raise EnvironmentFault("weighting.kind", rule, found=method, fix="Update the package of the method.")
    return method

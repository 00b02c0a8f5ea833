"""Manual weights that temporarily replace a weighting method during training."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.errors import InputError, StoreError
from mtl_core.weighting.interface import Weighting
from mtl_core.weighting.losses.fixed_weights import FixedWeights
from mtl_core.weighting.wrappers.delegating import DelegatingWeighting

_STATE_KEY = "moved"
"""Name of the override in a saved state."""


class ManualOverride(DelegatingWeighting):
    """A weighting whose weights the user can override for part of the training.

    While an override is set, a step is the plain weighted sum of the losses, and the wrapped weighting is not updated
    except at the end of an epoch. Afterwards it continues from its unchanged state.

    Args:
        method: The wrapped weighting.
        names: The tasks' names, in task order.
    """

    def __init__(self, method: Weighting, names: Sequence[str]) -> None:
        super().__init__(method)
        self._names = tuple(names)
        self._override: FixedWeights | None = None

    @property
    def delegate(self) -> Weighting:
        """The override if one is set, else the wrapped weighting."""
        return self._override or self.method

    def set_override(self, weights: Mapping[str, float] | None) -> None:
        """Set or remove the override from the next step on.

        Args:
            weights: By task name; a missing task has weight 1. None removes the override.

        Raises:
            InputError: There is no task of that name.
        """
        if weights is None:
            self._override = None
            return
        unknown = [name for name in weights if name not in self._names]
        if unknown:
            raise InputError("weights", f"each name must be a task: {', '.join(self._names)}", found=unknown[0])
        template = self.method.weights()
        values = [weights.get(name, 1.0) for name in self._names]
        self._override = FixedWeights(torch.tensor(values, device=template.device, dtype=template.dtype))

    def state_dict(self) -> dict[str, Tensor]:
        """The wrapped weighting's state and the override, [K], or [0] without one."""
        override = self.method.weights().new_empty(0) if self._override is None else self._override.weights()
        return {**self.method.state_dict(), _STATE_KEY: override.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the wrapped weighting's state and the override."""
        self.method.load_state_dict({name: tensor for name, tensor in state.items() if name != _STATE_KEY})
        override = state.get(_STATE_KEY, torch.empty(0))
        if len(override) not in (0, len(self._names)):
            count = len(self._names)
            raise StoreError("checkpoint.weighting", f"must hold {count} moved weights", found=len(override))
        self._override = FixedWeights(override.to(self.method.weights())) if len(override) else None

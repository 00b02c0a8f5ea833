"""Weights moved by hand while a method trains."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from mtl_core.errors import InputError, StoreError
from mtl_core.weighting.interface import Weighting
from mtl_core.weighting.losses.fixed_weights import FixedWeights
from mtl_core.weighting.wrappers.delegating import Around


class MovableWeighting(Around):
    """A method whose weights a person may take over for a while.

    While weights are set by hand, the step is the plain weighted sum and the method stands still, but for the
    ends of epochs, which it is still told. Then it goes on from where it stood.

    Args:
        method: The method.
        names: The tasks' names, in task order.
    """

    def __init__(self, method: Weighting, names: Sequence[str]) -> None:
        super().__init__(method)
        self._names = tuple(names)
        self._hand: FixedWeights | None = None

    @property
    def in_charge(self) -> Weighting:
        """The weights set by hand if there are any, else the method."""
        return self._hand or self.method

    def move(self, weights: Mapping[str, float] | None) -> None:
        """Uses these weights from the next step on, or the method again.

        Args:
            weights: By task; a task left out has 1. None: back to the method.

        Raises:
            InputError: There is no task of that name.
        """
        if weights is None:
            self._hand = None
            return
        unknown = [name for name in weights if name not in self._names]
        if unknown:
            raise InputError("weights", f"each name must be a task: {', '.join(self._names)}", found=unknown[0])
        like = self.method.weights()
        values = [weights.get(name, 1.0) for name in self._names]
        self._hand = FixedWeights(torch.tensor(values, device=like.device, dtype=like.dtype))

    def state_dict(self) -> dict[str, Tensor]:
        """The method's state, and the weights set by hand, [K], or [0] without any."""
        hand = self.method.weights().new_empty(0) if self._hand is None else self._hand.weights()
        return {**self.method.state_dict(), "moved": hand.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes both back."""
        rest = {name: tensor for name, tensor in state.items() if name != "moved"}
        self.method.load_state_dict(rest)
        hand = state.get("moved", torch.empty(0))
        if len(hand) not in (0, len(self._names)):
            raise StoreError("checkpoint.weighting", f"must hold {len(self._names)} moved weights", found=len(hand))
        self._hand = FixedWeights(hand.to(self.method.weights())) if len(hand) else None

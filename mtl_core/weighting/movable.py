"""Weights moved by hand while a method trains."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.spec import InputError
from mtl_core.weighting.cut import Cut
from mtl_core.weighting.fixed import FixedWeights
from mtl_core.weighting.interface import Pass, SharedModel, Weighting


class MovableWeighting(Weighting):
    """A method whose weights a person may take over for a while.

    While weights are set by hand, the step is the plain weighted sum and the method stands still, but for the
    ends of epochs, which it is still told. Then it goes on from where it stood.

    Args:
        method: The method.
        names: The tasks' names, in task order.
    """

    def __init__(self, method: Weighting, names: Sequence[str]) -> None:
        self.method = method
        self._names = tuple(names)
        self._hand: FixedWeights | None = None

    @property
    def cuts(self) -> bool:  # type: ignore[override]
        """Whether the method in charge wants the forward pass cut."""
        return (self._hand or self.method).cuts

    @property
    def parts(self) -> int:  # type: ignore[override]
        """How many parts of a batch the method in charge wants."""
        return (self._hand or self.method).parts

    @property
    def constant(self) -> bool:
        """Whether the weights in use never change by themselves."""
        return (self._hand or self.method).constant

    @property
    def looks_again(self) -> bool:  # type: ignore[override]
        """Whether the method in use wants to see the losses after the step."""
        return self._hand is None and self.method.looks_again

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Tells the method, unless it stands still."""
        if self._hand is None:
            self.method.observe(losses, present)

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

    def parameters(self) -> list[nn.Parameter]:
        """What the method learns."""
        return self.method.parameters()

    def backward(
        self,
        losses: Sequence[Tensor],
        model: SharedModel,
        present: Sequence[bool] | None = None,
        cut: Cut | None = None,
    ) -> None:
        """By hand-set weights if there are any, else by the method."""
        (self._hand or self.method).backward(losses, model, present, cut)

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """By hand-set weights if there are any, else by the method."""
        (self._hand or self.method).backward_parts(passes, model)

    def weights(self) -> Tensor:
        """[K] the weights in use."""
        return (self._hand or self.method).weights()

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Tells the method."""
        self.method.epoch_end(mean_losses)

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
            raise InputError("checkpoint.weighting", f"must hold {len(self._names)} moved weights", found=len(hand))
        self._hand = FixedWeights(hand.to(self.method.weights())) if len(hand) else None

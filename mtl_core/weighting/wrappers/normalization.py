"""Losses brought to one scale before any method sees them."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from mtl_core.weighting.interface import Pass, SharedModel, Weighting, matching, stacked, taking_part
from mtl_core.weighting.wrappers.delegating import Around

EPS = 1e-12
"""Added to a loss before its logarithm is taken."""
DECAY = 0.99
"""How much of a running mean is kept in a step."""


class Normalized(Around):
    """A method on normalised losses: every gradient, also the heads', is that of the normalised loss.

    ``log``: log(L + 1e-12), with no gradient from a loss below 0. ``scale``: L divided by the running mean of its
    absolute value, this step's included, a constant to the gradient; losses that are not finite are left out of
    the mean, and while it is 0 the loss is left as it is. A task missing from the batch keeps its mean.

    Args:
        method: The method.
        how: Which normalisation.
        ones: [K] ones where the losses will be.
    """

    def __init__(self, method: Weighting, how: Literal["log", "scale"], ones: Tensor) -> None:
        super().__init__(method)
        self._how = how
        self._means = torch.zeros_like(ones)
        self._seen = torch.zeros_like(ones)

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """The method's backward pass on the normalised losses, all parts of a batch by one scale."""
        here = [taking_part(one.losses, one.present) for one in passes]
        if self._how == "scale":
            for one, part in zip(passes, here, strict=True):
                self._note(stacked(one.losses), torch.tensor(part, device=self._means.device))
        scales = self._scales().unbind()
        self.method.backward_parts([self._of(one, scales, part) for one, part in zip(passes, here, strict=True)], model)

    def _of(self, one: Pass, scales: Sequence[Tensor], here: Sequence[bool]) -> Pass:
        triples = zip(one.losses, scales, here, strict=True)
        losses = [self._normal(loss, scale) if part else loss for loss, scale, part in triples]
        return Pass(losses, one.present, one.cut)

    def _note(self, losses: Tensor, here: Tensor) -> None:
        sizes = losses.to(self._means).abs()
        noted = here & sizes.isfinite()
        self._means = torch.where(noted, DECAY * self._means + (1 - DECAY) * sizes, self._means)
        self._seen = torch.where(noted, DECAY * self._seen + (1 - DECAY), self._seen)

    def _scales(self) -> Tensor:
        means = self._means / self._seen
        return means.where(means > 0, 1.0)

    def _normal(self, loss: Tensor, scale: Tensor) -> Tensor:
        return torch.log(loss.clamp(min=0) + EPS) if self._how == "log" else loss / scale

    def _normal_values(self, losses: Tensor) -> Tensor:
        return self._normal(losses, self._scales().to(losses))

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Tells the method the normalised means."""
        self.method.epoch_end(self._normal_values(mean_losses))

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Tells the method the normalised losses."""
        self.method.observe(self._normal_values(losses), present)

    def state_dict(self) -> dict[str, Tensor]:
        """The method's state, and the running means, [K] each."""
        return {**self.method.state_dict(), "loss_means": self._means.clone(), "loss_means_seen": self._seen.clone()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes both back."""
        like = {"loss_means": self._means, "loss_means_seen": self._seen}
        loaded = matching({name: tensor for name, tensor in state.items() if name in like}, like)
        self.method.load_state_dict({name: tensor for name, tensor in state.items() if name not in like})
        self._means, self._seen = loaded["loss_means"], loaded["loss_means_seen"]

"""Normalization of the losses to a common scale before a weighting method gets them."""

from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor

from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting, loss_values, match_state, participation
from mtl_core.weighting.wrappers.delegating import DelegatingWeighting

EPS = 1e-12
"""Added to a loss before taking its logarithm."""
DECAY = 0.99
"""Decay of the exponential moving average of the losses."""


class LossNormalization(DelegatingWeighting):
    """Applies the wrapped weighting to normalized losses; all gradients are those of the normalized losses.

    ``log``: log(L + 1e-12), with no gradient from a loss below 0. ``scale``: L divided by the exponential moving
    average of its absolute value, including this step's, treated as a constant; non-finite losses are left out of the
    average, and while it is 0 the loss is not scaled. A task missing from the batch keeps its average.

    Args:
        method: The wrapped weighting.
        mode: How losses are normalized.
        ones: [K] ones on the losses' device.
    """

    def __init__(self, method: Weighting, mode: Literal["log", "scale"], ones: Tensor) -> None:
        super().__init__(method)
        self._mode = mode
        self._averages = torch.zeros_like(ones)
        self._bias_corrections = torch.zeros_like(ones)  # sum of the average's coefficients, as in Adam

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Run the wrapped backward pass on normalized losses; all parts of a batch use the same scale."""
        flags = [participation(forward_pass.losses, forward_pass.present) for forward_pass in passes]
        if self._mode == "scale":
            for forward_pass, active in zip(passes, flags, strict=True):
                mask = torch.tensor(active, device=self._averages.device)
                self._update_averages(loss_values(forward_pass.losses), mask)
        scales = self._scales().unbind()
        pairs = zip(passes, flags, strict=True)
        normalized = [self._normalize_pass(forward_pass, scales, active) for forward_pass, active in pairs]
        self.method.backward_parts(normalized, model)

    def _normalize_pass(
        self, forward_pass: ForwardPass, scales: Sequence[Tensor], active: Sequence[bool]
    ) -> ForwardPass:
        triples = zip(forward_pass.losses, scales, active, strict=True)
        losses = [self._normalize(loss, scale) if takes_part else loss for loss, scale, takes_part in triples]
        return ForwardPass(losses, forward_pass.present, forward_pass.representation)

    def _update_averages(self, losses: Tensor, mask: Tensor) -> None:
        magnitudes = losses.to(self._averages).abs()
        valid = mask & magnitudes.isfinite()
        averages = DECAY * self._averages + (1 - DECAY) * magnitudes
        corrections = DECAY * self._bias_corrections + (1 - DECAY)
        self._averages = torch.where(valid, averages, self._averages)
        self._bias_corrections = torch.where(valid, corrections, self._bias_corrections)

    def _scales(self) -> Tensor:
        means = self._averages / self._bias_corrections
        return means.where(means > 0, 1.0)

    def _normalize(self, loss: Tensor, scale: Tensor) -> Tensor:
        return torch.log(loss.clamp(min=0) + EPS) if self._mode == "log" else loss / scale

    def _normalize_values(self, losses: Tensor) -> Tensor:
        return self._normalize(losses, self._scales().to(losses))

    def epoch_end(self, mean_losses: Tensor) -> None:
        """Pass the normalized mean losses to the wrapped weighting."""
        self.method.epoch_end(self._normalize_values(mean_losses))

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:
        """Pass the normalized losses after the step to the wrapped weighting."""
        self.method.observe(self._normalize_values(losses), present)

    def state_dict(self) -> dict[str, Tensor]:
        """The wrapped weighting's state, and the moving averages with their bias corrections, [K] each."""
        averages, corrections = self._averages.clone(), self._bias_corrections.clone()
        return {**self.method.state_dict(), "loss_means": averages, "loss_means_seen": corrections}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the wrapped weighting's state and the moving averages."""
        template = {"loss_means": self._averages, "loss_means_seen": self._bias_corrections}
        own = match_state({name: tensor for name, tensor in state.items() if name in template}, template)
        self.method.load_state_dict({name: tensor for name, tensor in state.items() if name not in template})
        self._averages, self._bias_corrections = own["loss_means"], own["loss_means_seen"]

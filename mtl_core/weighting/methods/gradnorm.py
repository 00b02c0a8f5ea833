"""GradNorm (Chen, Badrinarayanan, Lee & Rabinovich: Gradient Normalization for Adaptive Loss Balancing, ICML 2018)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import GradNormWeighting
from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.interface import (
    ForwardPass,
    SharedModel,
    Weighting,
    loss_values,
    match_state,
    participation_mask,
    weighted_backward,
)


class GradNorm(Weighting):
    """Learns weights with which every task's gradient norm follows its relative training rate.

    With n_i the norm of the gradient of L_i on the last shared layer, G_i = w_i·n_i is trained towards the target
    mean(G)·r_i^alpha, a constant, where r_i is L_i / L_i(0) over its mean across tasks: w takes a gradient step
    of its own on the sum of abs(G_i - target_i), after the step's gradients were taken with the old w, and is
    scaled to add up to K. The weights are plain numbers as in the paper, not a softmax; they are clamped
    at 0, below which the sign of a loss would flip.

    L(0) is each task's first finite loss above 0 (a task may be missing from the first batches); before
    that, the task counts as training at the mean rate. A task missing from a batch keeps its weight, up to the
    scaling. A step with a non-finite norm or loss does not change the weights.

    Args:
        ones: [K] ones on the losses' device.
        alpha: How strongly slow tasks are accelerated; 0 equalizes the norms.
        lr: Learning rate of the weights.
    """

    def __init__(self, ones: Tensor, alpha: float, lr: float) -> None:
        self._alpha = alpha
        self._lr = lr
        self._weights = ones
        self._next_weights = ones
        self._initial_losses = torch.full_like(ones, torch.nan)
        self._has_unknown_initial = True

    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Run the backward pass of the weighted sum, then update the weights for the next step."""
        (forward_pass,) = passes
        losses = forward_pass.losses
        norms = gradient_norms(losses, model.last_shared_parameters())
        self._weights = self._next_weights
        weighted_backward(losses, self._weights.unbind())
        if norms is not None:
            self._update_weights(
                norms.to(self._weights),
                loss_values(losses).to(self._weights),
                participation_mask(losses, forward_pass.present),
            )

    def _update_weights(self, norms: Tensor, losses: Tensor, present: Tensor | None) -> None:
        rates = self._rates(losses, present)
        weighted_norms = self._weights * norms
        gradient = norms * torch.sign(weighted_norms - _mean(weighted_norms, present) * rates**self._alpha)
        if present is not None:
            gradient = gradient.where(present, 0.0)
        updated = (self._weights - self._lr * gradient).clamp(min=0)
        updated = updated * (len(updated) / updated.sum())
        self._next_weights = torch.where((updated * losses).isfinite().all(), updated, self._weights)

    def _rates(self, losses: Tensor, present: Tensor | None) -> Tensor:
        """[K] r_i: below 1 for a task that trains faster than the mean; 1 while L(0) is unknown."""
        if self._has_unknown_initial:
            self._record_initial_losses(losses, present)
        ratios = (losses / self._initial_losses).clamp(min=0)
        if not self._has_unknown_initial:
            return ratios / _mean(ratios, present)
        mask = self._initial_losses.isfinite() if present is None else self._initial_losses.isfinite() & present
        return (ratios / _mean(ratios, mask)).where(mask, 1.0)

    def _record_initial_losses(self, losses: Tensor, present: Tensor | None) -> None:
        first_seen = self._initial_losses.isnan() & losses.isfinite() & (losses > 0)
        self._initial_losses = torch.where(
            first_seen if present is None else first_seen & present, losses, self._initial_losses
        )
        self._has_unknown_initial = bool(self._initial_losses.isnan().any())

    def weights(self) -> Tensor:
        """[K] the weights of the last step."""
        return self._weights

    def state_dict(self) -> dict[str, Tensor]:
        """The weights of the last and the next step, and L(0); [K] each."""
        state = {"weights": self._weights, "next_weights": self._next_weights, "first_losses": self._initial_losses}
        return {name: tensor.clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the weights and L(0)."""
        loaded = match_state(state, self.state_dict())
        self._weights, self._next_weights = loaded["weights"], loaded["next_weights"]
        self._initial_losses, self._has_unknown_initial = loaded["first_losses"], True


def gradient_norms(losses: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> Tensor | None:
    """[K] norm of each loss's gradient of the given parameters; the graphs are retained.

    A task that does not reach them has norm 0; None if no parameter is trainable.
    """
    trainable = [parameter for parameter in parameters if parameter.requires_grad]
    if not trainable or not any(loss.requires_grad for loss in losses):
        return None
    return torch.stack([_norm(loss, trainable) for loss in losses])


def _norm(loss: Tensor, parameters: Sequence[nn.Parameter]) -> Tensor:
    if not loss.requires_grad:
        return loss.new_zeros(())
    with backward_pass:
        gradients_or_none = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    gradients = [gradient for gradient in gradients_or_none if gradient is not None]
    if not gradients:
        return loss.new_zeros(())
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    norm: Tensor = torch.linalg.vector_norm(flat)
    return norm.to(loss.dtype)


def _mean(values: Tensor, mask: Tensor | None) -> Tensor:
    return values.mean() if mask is None else values.where(mask, 0.0).sum() / mask.sum()


def build(spec: GradNormWeighting, context: WeightingContext) -> GradNorm:
    """Build GradNorm with the spec's alpha and learning rate."""
    return GradNorm(context.ones, spec.alpha, spec.lr)

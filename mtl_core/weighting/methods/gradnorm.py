"""GradNorm (Chen, Badrinarayanan, Lee & Rabinovich: Gradient Normalization for Adaptive Loss Balancing, ICML 2018)."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_core.spec.weighting import GradNormWeighting
from mtl_core.weighting.interface import (
    Pass,
    SharedModel,
    Weighting,
    matching,
    presence,
    stacked,
    weighted_backward,
)
from mtl_core.weighting.setup import Setup


class GradNorm(Weighting):
    """Weights learned so that every task's gradient norm follows its relative training rate.

    With n_i the norm of the gradient of L_i on the last shared layer, G_i = w_i·n_i is drawn to the target
    mean(G)·r_i^alpha, a constant, where r_i is L_i / L_i(0) over its mean across tasks: w takes a gradient step
    of its own on the sum of abs(G_i - target_i), after the step's gradients were taken with the old w, and is
    scaled to add up to K. The weights are plain numbers as in the paper, not a softmax; they are kept from
    going below 0, where the sign of a loss would flip.

    L(0) is each task's first finite loss above 0 (a task may be missing from the first batches); until it is
    known the task counts as training at the mean rate. A task missing from a batch keeps its weight, up to the
    scaling. A step with a norm or a loss that is not finite leaves the weights as they are.

    Args:
        ones: [K] ones where the losses will be.
        alpha: How strongly slow tasks are pulled up; 0 equalises the norms.
        lr: Learning rate of the weights.
    """

    def __init__(self, ones: Tensor, alpha: float, lr: float) -> None:
        self._alpha = alpha
        self._lr = lr
        self._used = ones
        self._next = ones
        self._first = torch.full_like(ones, torch.nan)
        self._incomplete = True

    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """The weighted sum's gradients with the present weights, then the weights' own step."""
        (one,) = passes
        losses = one.losses
        norms = gradient_norms(losses, model.last_shared_parameters())
        self._used = self._next
        weighted_backward(losses, self._used.unbind())
        if norms is not None:
            self._step(norms.to(self._used), stacked(losses).to(self._used), presence(losses, one.present))

    def _step(self, norms: Tensor, losses: Tensor, present: Tensor | None) -> None:
        rates = self._rates(losses, present)
        scaled = self._used * norms
        gradient = norms * torch.sign(scaled - _mean(scaled, present) * rates**self._alpha)
        if present is not None:
            gradient = gradient.where(present, 0.0)
        moved = (self._used - self._lr * gradient).clamp(min=0)
        moved = moved * (len(moved) / moved.sum())
        self._next = torch.where((moved * losses).isfinite().all(), moved, self._used)

    def _rates(self, losses: Tensor, present: Tensor | None) -> Tensor:
        """[K] r_i: below 1 for a task that trains faster than the mean; 1 where L(0) is not known."""
        if self._incomplete:
            self._learn_first(losses, present)
        ratios = (losses / self._first).clamp(min=0)
        if not self._incomplete:
            return ratios / _mean(ratios, present)
        known = self._first.isfinite() if present is None else self._first.isfinite() & present
        return (ratios / _mean(ratios, known)).where(known, 1.0)

    def _learn_first(self, losses: Tensor, present: Tensor | None) -> None:
        new = self._first.isnan() & losses.isfinite() & (losses > 0)
        self._first = torch.where(new if present is None else new & present, losses, self._first)
        self._incomplete = bool(self._first.isnan().any())

    def weights(self) -> Tensor:
        """[K] the weights that the last step used."""
        return self._used

    def state_dict(self) -> dict[str, Tensor]:
        """The weights used last and next, and L(0); [K] each."""
        state = {"weights": self._used, "next_weights": self._next, "first_losses": self._first}
        return {name: tensor.clone() for name, tensor in state.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes them back."""
        loaded = matching(state, self.state_dict())
        self._used, self._next = loaded["weights"], loaded["next_weights"]
        self._first, self._incomplete = loaded["first_losses"], True


def gradient_norms(losses: Sequence[Tensor], parameters: Sequence[nn.Parameter]) -> Tensor | None:
    """[K] norms of each loss's gradient on some parameters; the graphs are kept.

    A task that does not reach them has norm 0; without any parameter that learns there are no norms.
    """
    learning = [parameter for parameter in parameters if parameter.requires_grad]
    if not learning or not any(loss.requires_grad for loss in losses):
        return None
    return torch.stack([_norm(loss, learning) for loss in losses])


def _norm(loss: Tensor, parameters: Sequence[nn.Parameter]) -> Tensor:
    if not loss.requires_grad:
        return loss.new_zeros(())
    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
    gradients = [gradient for gradient in found if gradient is not None]
    if not gradients:
        return loss.new_zeros(())
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    norm: Tensor = torch.linalg.vector_norm(flat)
    return norm.to(loss.dtype)


def _mean(values: Tensor, over: Tensor | None) -> Tensor:
    return values.mean() if over is None else values.where(over, 0.0).sum() / over.sum()


def build(spec: GradNormWeighting, setup: Setup) -> GradNorm:
    """With the spec's alpha and learning rate."""
    return GradNorm(setup.ones, spec.alpha, spec.lr)

"""The interface of all weighting methods, and the conventions that hold for every one of them.

**Scale.** Equal weighting is the *sum* of the losses (weights 1), and so is every other method unless its
definition says otherwise. Weights add up to K under DWA, GradNorm, ExcessMTL and STCH (times 1/L there), and to 1
under random weighting, FAMO, MGDA, IMTL-G, MoCo, SDMGrad and MoDo. CAGrad, Aligned-MTL, UPGrad and DualProj
start from the *mean* of the gradients; PCGrad, GradVac, GradDrop, ConFIG and DB-MTL sum. The step of Nash-MTL has the
length root of K, or the longest that is allowed, whatever the gradients' lengths are. Between methods of
different sum the effective learning rate of the shared layers differs by up to the factor K.

**Loss normalization** (``normalize``) happens before any method gets the losses; the heads' gradients, too, are those
of the normalized losses.

**Task heads.** Methods that weight losses weight the heads' gradients too: one backward pass of the weighted sum.
Methods that combine gradients combine those of the shared parameters only; every other parameter gets the
plain, unweighted gradient of the losses that reach it, so a head learns at full speed whatever its task's
weight is.

**Tasks missing from a batch.** A task may have no labeled row in a batch. Its loss then has no graph
(``requires_grad`` is false), or it is exactly 0 with a zero gradient and the caller says so by ``present``.
Such a task is left out of that step: it does not influence the other tasks (under MGDA a zero gradient would
otherwise stop the shared layers), and the method's state for it does not change.

**Non-finite losses** are detected by the training loop. No method raises or hangs on them: NaN propagates
into the gradients of the parameters; GradNorm's weights and loss history ignore such a step, DWA such an epoch.
Losses of zero or below are allowed everywhere; where a definition divides by a loss, the method's docstring
says what happens instead.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from mtl_core.errors import StoreError
from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.autograd.shared_representation import SharedRepresentation


class SharedModel(Protocol):
    """The part of a model that a weighting depends on: the parameters shared by all tasks."""

    def shared_parameters(self) -> Sequence[nn.Parameter]:
        """The parameters of all shared layers."""
        ...

    def last_shared_parameters(self) -> Sequence[nn.Parameter]:
        """The parameters of the last shared layer that has any."""
        ...


@dataclass(frozen=True)
class ForwardPass:
    """The losses of one forward pass, with what is needed to differentiate them.

    Attributes:
        losses: K 0-d tensors in task order, with their graphs.
        present: [K] bool, which tasks have labels in the batch; None means the tasks whose loss has a graph.
        representation: The shared representation at which the graph is detached; None for one undivided graph.
        outputs: Each task's output, for penalties that depend on it.
    """

    losses: Sequence[Tensor]
    present: Sequence[bool] | None = None
    representation: SharedRepresentation | None = None
    outputs: Sequence[Tensor] = ()


class Weighting(ABC):
    """Turns the K losses of a step into gradients of the model's parameters."""

    detach_representation: Literal["never", "when_costly", "always"] = "never"
    """Whether the forward pass should be detached at the shared representation. ``when_costly``: only if each backward
    pass through the whole graph is much slower than one of a task's part, as in a compiled or recomputed model."""
    batch_parts: int = 1
    """Number of independent parts of the batch that the method needs a forward pass of."""
    needs_losses_after_step: bool = False
    """Whether the method needs the losses of the same batch after the optimizer step, passed to `observe`."""

    @property
    def constant(self) -> bool:
        """Whether the weights never change during training, so that recording them once is enough."""
        return False

    def parameters(self) -> list[nn.Parameter]:
        """The method's own parameters, trained by the model's optimizer in a group without weight decay."""
        return []

    def backward(
        self,
        losses: Sequence[Tensor],
        model: SharedModel,
        present: Sequence[bool] | None = None,
        representation: SharedRepresentation | None = None,
    ) -> None:
        """Run `backward_parts` on a single forward pass; the arguments are attributes of :class:`ForwardPass`."""
        self.backward_parts([ForwardPass(losses, present, representation)], model)

    @abstractmethod
    def backward_parts(self, passes: Sequence[ForwardPass], model: SharedModel) -> None:
        """Compute the gradients of every parameter that the losses reach, and of the method's own parameters.

        Args:
            passes: One forward pass for each of the `batch_parts` parts of the batch; their graphs are freed.
            model: The model whose shared parameters are meant. All its gradients must be None or zero.
        """

    @abstractmethod
    def weights(self) -> Tensor:
        """[K] detached: the weights of the last backward pass, or the initial weights before the first one."""

    def epoch_end(self, mean_losses: Tensor) -> None:  # noqa: B027 (most methods do not need it)
        """Updates the method with the mean training loss of each task over the finished epoch, [K]."""

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:  # noqa: B027 (few need it)
        """Updates a method that `needs_losses_after_step` with the losses after the optimizer step.

        Args:
            losses: [K] the losses of the same batch after the step, without graphs.
            present: [K] bool, which tasks have labels in it; None means the same tasks as in the backward pass.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """A copy of everything a resumed run needs; later steps do not change it."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Restore the state returned by `state_dict`.

        Raises:
            StoreError: The names or shapes do not fit this method and number of tasks.
        """
        match_state(state, self.state_dict())


def match_state(state: Mapping[str, Tensor], template: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Check a saved state against a template and copy it to the template's devices and dtypes.

    Raises:
        StoreError: Names or shapes differ.
    """
    shapes = {name: list(tensor.shape) for name, tensor in state.items()}
    expected = {name: list(tensor.shape) for name, tensor in template.items()}
    if shapes != expected:
        raise StoreError(
            "checkpoint.weighting",
            f"must hold {expected or 'nothing'}",
            found=shapes,
            fix="Resume with the weighting method and the tasks the run was started with.",
        )
    return {name: state[name].detach().to(tensor, copy=True) for name, tensor in template.items()}


def weighted_backward(losses: Sequence[Tensor], weights: Sequence[Tensor]) -> None:
    """Run the backward pass of the weighted sum of the losses, without building the sum.

    Losses without a graph are skipped.

    Args:
        losses: K 0-d tensors.
        weights: K 0-d tensors without gradient, on the losses' device.
    """
    if all(loss.requires_grad for loss in losses):
        with backward_pass:
            torch.autograd.backward(losses, weights)
        return
    pairs = [(loss, weight) for loss, weight in zip(losses, weights, strict=True) if loss.requires_grad]
    if pairs:
        with backward_pass:
            torch.autograd.backward([loss for loss, _ in pairs], [weight for _, weight in pairs])


def loss_values(losses: Sequence[Tensor]) -> Tensor:
    """Stack the losses' values into one [K] tensor without graph."""
    with torch.no_grad():
        return torch.stack(list(losses))


def participation(losses: Sequence[Tensor], present: Sequence[bool] | None) -> list[bool]:
    """[K] whether each task takes part in this step: it has labels, and its loss has a graph."""
    differentiable = [loss.requires_grad for loss in losses]
    if present is None:
        return differentiable
    return [has_graph and has_labels for has_graph, has_labels in zip(differentiable, present, strict=True)]


def participation_mask(losses: Sequence[Tensor], present: Sequence[bool] | None) -> Tensor | None:
    """`participation` as a [K] bool tensor on the losses' device; None if all tasks take part."""
    flags = participation(losses, present)
    return None if all(flags) else torch.tensor(flags, device=losses[0].device)

"""What every weighting method offers, and the conventions that hold for all of them.

**Scale.** Equal weighting is the *sum* of the losses (weights 1), and so is every other method unless its
definition says otherwise. Weights add up to K under DWA, GradNorm, ExcessMTL and STCH (times 1/L there), and to 1
under random weighting, FAMO, MGDA, IMTL-G, MoCo, SDMGrad and MoDo. CAGrad, Aligned-MTL, UPGrad and DualProj
start from the *mean* of the gradients; PCGrad, GradVac, GradDrop, ConFIG and DB-MTL sum. The step of Nash-MTL has the
length root of K, or the longest that is allowed, whatever the gradients' lengths are. Between methods of
different sum the effective learning rate of the shared layers differs by up to the factor K.

**Normalised losses** (``normalize``) are made before any method sees them, and are what its heads' gradients are of.

**Task heads.** Methods that weigh losses weigh the heads' gradients too: one backward pass of the weighted sum.
Methods that combine gradients combine those of the shared parameters only; every other parameter gets the
plain, unweighted gradient of the losses that reach it, so a head learns at full speed whatever its task's
weight is.

**Tasks missing from a batch.** A task may have no labelled row in a batch. Its loss then has no graph
(``requires_grad`` is false), or it is exactly 0 with a zero gradient and the caller says so by ``present``.
Such a task is left out of that step: it neither pulls nor blocks the others (under MGDA a zero gradient would
otherwise stop the shared layers), and what a method has learned about it stays as it is.

**Losses that are not finite** are the training loop's to find. No method raises or hangs on them: NaN passes
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
from mtl_core.weighting.autograd.shared_representation import Cut


class SharedModel(Protocol):
    """What a weighting needs to know of a model: which parameters the tasks share."""

    def shared_parameters(self) -> Sequence[nn.Parameter]:
        """The parameters of all shared layers."""
        ...

    def last_shared_parameters(self) -> Sequence[nn.Parameter]:
        """The parameters of the last shared layer that has any."""
        ...


@dataclass(frozen=True)
class Pass:
    """A forward pass.

    Attributes:
        losses: K 0-d tensors in task order, with their graphs.
        present: [K] bool, which tasks have labels in it; without it, those whose loss has a graph.
        cut: Where its graph was cut, if it was.
        outputs: Each task's output, where someone wants to see them.
    """

    losses: Sequence[Tensor]
    present: Sequence[bool] | None = None
    cut: Cut | None = None
    outputs: Sequence[Tensor] = ()


class Weighting(ABC):
    """One way of turning K losses into the gradients of one step."""

    cuts: Literal["never", "dear", "always"] = "never"
    """Whether it wants the forward pass cut at the shared representation: ``dear``, only where a task's backward pass
    of a whole graph costs more than its own part, as compiled or computed in pieces."""
    parts: int = 1
    """How many independent parts of the batch it wants a forward pass of."""
    looks_again: bool = False
    """Whether the method wants the losses of the same batch again after the step, through `observe`."""

    @property
    def constant(self) -> bool:
        """Whether the weights never change by themselves, so that recording them once is enough."""
        return False

    def parameters(self) -> list[nn.Parameter]:
        """What the method learns with the model's optimiser, in a group of its own without weight decay."""
        return []

    def backward(
        self,
        losses: Sequence[Tensor],
        model: SharedModel,
        present: Sequence[bool] | None = None,
        cut: Cut | None = None,
    ) -> None:
        """As :meth:`backward_parts`, from one forward pass; arguments as the attributes of a :class:`Pass`."""
        self.backward_parts([Pass(losses, present, cut)], model)

    @abstractmethod
    def backward_parts(self, passes: Sequence[Pass], model: SharedModel) -> None:
        """Leaves a gradient on every parameter that the losses reach, and on the method's own.

        Args:
            passes: A forward pass of each part of the batch, one unless `parts` says more; their graphs are used up.
            model: Whose shared parameters are meant. All gradients are none or zero before.
        """

    @abstractmethod
    def weights(self) -> Tensor:
        """[K] detached: the weights that the last backward used (before the first: the ones it would start from)."""

    def epoch_end(self, mean_losses: Tensor) -> None:  # noqa: B027 (most methods do not care)
        """Tells the mean training loss of each task over the epoch that just ended, [K]."""

    def observe(self, losses: Tensor, present: Sequence[bool] | None = None) -> None:  # noqa: B027 (few look again)
        """Tells a method that `looks_again` what the optimiser's step did to the losses of its batch.

        Args:
            losses: [K] the losses of the same batch after the step, without graphs.
            present: [K] bool, which tasks have labels in it; without it, those that the backward pass had.
        """

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that a resumed run needs; safe to keep while training goes on."""
        return {}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Takes back what `state_dict` gave.

        Raises:
            StoreError: The names or shapes are not those of this method and number of tasks.
        """
        matching(state, self.state_dict())


def matching(state: Mapping[str, Tensor], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of a saved state on the devices and in the types of the state it replaces.

    Raises:
        StoreError: Names or shapes differ.
    """
    shapes = {name: list(tensor.shape) for name, tensor in state.items()}
    wanted = {name: list(tensor.shape) for name, tensor in like.items()}
    if shapes != wanted:
        raise StoreError(
            "checkpoint.weighting",
            f"must hold {wanted or 'nothing'}",
            found=shapes,
            fix="Resume with the weighting method and the tasks the run was started with.",
        )
    return {name: state[name].detach().to(tensor, copy=True) for name, tensor in like.items()}


def weighted_backward(losses: Sequence[Tensor], weights: Sequence[Tensor]) -> None:
    """The backward pass of the sum of weight × loss, without building that sum; losses without a graph are left out.

    Args:
        losses: K 0-d tensors.
        weights: K 0-d tensors without gradient, on the losses' device.
    """
    if all(loss.requires_grad for loss in losses):
        torch.autograd.backward(losses, weights)
        return
    pairs = [(loss, weight) for loss, weight in zip(losses, weights, strict=True) if loss.requires_grad]
    if pairs:
        torch.autograd.backward([loss for loss, _ in pairs], [weight for _, weight in pairs])


def stacked(losses: Sequence[Tensor]) -> Tensor:
    """[K] the losses' values without their graphs."""
    with torch.no_grad():
        return torch.stack(list(losses))


def taking_part(losses: Sequence[Tensor], present: Sequence[bool] | None) -> list[bool]:
    """Which tasks take part in this step: those that have labels and whose loss has a graph."""
    learning = [loss.requires_grad for loss in losses]
    return learning if present is None else [a and b for a, b in zip(learning, present, strict=True)]


def presence(losses: Sequence[Tensor], present: Sequence[bool] | None) -> Tensor | None:
    """[K] bool on the losses' device: the tasks that take part in this step; none when all of them do."""
    here = taking_part(losses, present)
    return None if all(here) else torch.tensor(here, device=losses[0].device)

"""A forward pass whose graph is cut at the shared representation."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.autograd.mlp_backward import through_chain

Features = tuple[Tensor, ...]


class Cut:
    """Where the shared layers end, every task reads a copy of its own of what they give.

    So one backward pass of all losses leaves each head its plain gradient and each copy the gradient of its task alone
    (Sener & Koltun 2018, section 3.3): the heads are gone through once, not once for each task. What goes back into the
    shared layers is up to the weighting.

    Args:
        features: What the shared layers give, with their graph.
        tasks: How many tasks read it.

    Attributes:
        again: Whether each backward pass computes the shared layers again, which cannot be done for several tasks at
            once: their dropout would have to be drawn the same for all.
    """

    def __init__(self, features: Features, tasks: int) -> None:
        self.features = features
        self.again = False
        self._learned = [i for i, tensor in enumerate(features) if tensor.requires_grad]
        self._one = _expanded(features[0], tasks) if len(features) == len(self._learned) == 1 else None
        self.copies = [self._copy() for _ in range(tasks)] if self._one is None else [(c,) for c in self._one.unbind()]

    def _copy(self) -> Features:
        return tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in self.features)

    @property
    def learned(self) -> list[Tensor]:
        """What of the representation the shared layers learn."""
        return [self.features[i] for i in self._learned]

    def gradients(self, task: int) -> list[Tensor | None]:
        """A task's gradients of what is learned, after the losses' backward pass; None where it reads nothing."""
        if self._one is not None:
            return [None if self._one.grad is None else self._one.grad[task]]
        return [self.copies[task][i].grad for i in self._learned]

    def rows(self, tasks: Sequence[int]) -> Tensor:
        """[len(tasks), M] the tasks' gradients of the whole learned representation; zeros where one reads nothing."""
        columns = [part.flatten(1) for part in self._stacked(tasks)]
        return columns[0] if len(columns) == 1 else torch.cat(columns, dim=1)

    def shaped(self, flat: Tensor) -> list[Tensor]:
        """A flat direction as gradients of what is learned."""
        sizes = [tensor.numel() for tensor in self.learned]
        parts = torch.split(flat, sizes)
        return [part.view_as(tensor) for part, tensor in zip(parts, self.learned, strict=True)]

    def mixed(self, factors: Tensor, tasks: Sequence[int]) -> list[Tensor]:
        """The sum of factor × gradient over some tasks, for each part of what is learned.

        Args:
            factors: [len(tasks)].
            tasks: Which.
        """
        if self._one is not None:
            return [torch.tensordot(factors, part, dims=1) for part in self._stacked(tasks)]
        sums = [torch.zeros_like(tensor) for tensor in self.learned]
        for factor, task in zip(factors.unbind(), tasks, strict=True):
            for total, gradient in zip(sums, self.gradients(task), strict=True):
                if gradient is not None:
                    total.add_(gradient * factor)
        return sums

    def pull(self, task: int, parameters: Sequence[nn.Parameter], *, keep: bool) -> list[Tensor | None]:
        """A task's gradients of shared parameters: None for those it does not reach.

        Args:
            task: Which.
            parameters: That learn.
            keep: Whether the graph is needed again.
        """
        return self._back(self.gradients(task), parameters, keep=keep)

    def pull_all(self, tasks: Sequence[int], parameters: Sequence[nn.Parameter], *, keep: bool) -> list[Tensor]:
        """All these tasks' gradients of shared parameters at once, [len(tasks), …] each; zeros for what is not reached.

        Raises:
            RuntimeError: A layer cannot go back for several tasks at once.
        """
        found = torch.autograd.grad(
            self.learned,
            list(parameters),
            self._stacked(tasks),
            retain_graph=keep,
            allow_unused=True,
            is_grads_batched=True,
        )
        pairs = zip(parameters, found, strict=True)
        return [p.new_zeros(len(tasks), *p.shape) if gradient is None else gradient for p, gradient in pairs]

    def through_chain(self, tasks: Sequence[int], parameters: Sequence[nn.Parameter], rows: Tensor) -> bool:
        """Writes these tasks' gradients of shared parameters, [len(tasks), P], if the shared layers are a plain chain.

        Returns:
            Whether they are; if not, some of the rows may be written already.
        """
        return len(self.learned) == 1 and through_chain(self.learned[0], self._stacked(tasks)[0], parameters, rows)

    def _stacked(self, tasks: Sequence[int]) -> list[Tensor]:
        """[len(tasks), …] the tasks' gradients of each part of what is learned."""
        if self._one is not None:
            found = torch.zeros_like(self._one) if self._one.grad is None else self._one.grad
            return [found if len(tasks) == len(self.copies) else found[list(tasks)]]
        return [torch.stack(column) for column in zip(*map(self._filled, tasks), strict=True)]

    def _filled(self, task: int) -> list[Tensor]:
        pairs = zip(self.learned, self.gradients(task), strict=True)
        return [torch.zeros_like(tensor) if gradient is None else gradient for tensor, gradient in pairs]

    def _back(
        self, gradients: Sequence[Tensor | None], parameters: Sequence[nn.Parameter], *, keep: bool
    ) -> list[Tensor | None]:
        pairs = [(t, g) for t, g in zip(self.learned, gradients, strict=True) if g is not None]
        if not pairs or not parameters:
            return [None] * len(parameters)
        outputs, given = zip(*pairs, strict=True)
        return list(torch.autograd.grad(outputs, parameters, given, retain_graph=keep, allow_unused=True))

    def reach(self, loss: Tensor, task: int, parameters: Sequence[nn.Parameter]) -> list[Tensor | None]:
        """A loss's gradients of shared parameters before any backward pass, through the cut; the graphs are kept."""
        copies = [self.copies[task][i] for i in self._learned]
        if not copies:
            return [None] * len(parameters)
        found = torch.autograd.grad(loss, copies, retain_graph=True, allow_unused=True)
        return self._back(found, parameters, keep=True)

    def reach_all(self, loss: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor | None]:
        """The gradients that a loss of several tasks' outputs has of parameters on either side of the cut.

        Args:
            loss: 0-d.
            parameters: That learn.

        Returns:
            None for those it does not reach; the graphs are kept.
        """
        copies = [copy[i] for copy in self.copies for i in self._learned]
        found = torch.autograd.grad(loss, [*parameters, *copies], retain_graph=True, allow_unused=True)
        heads, given = found[: len(parameters)], found[len(parameters) :]
        sums = [_sum(given[i :: len(self._learned)]) for i in range(len(self._learned))]
        shared = self._back(sums, parameters, keep=True)
        return [_sum(pair) for pair in zip(heads, shared, strict=True)]

    def push(self, gradients: Sequence[Tensor]) -> None:
        """Back through the shared layers from given gradients of what is learned; frees the graph."""
        if gradients:
            torch.autograd.backward(self.learned, list(gradients))


def _expanded(tensor: Tensor, tasks: int) -> Tensor:
    """[tasks, …] one leaf that looks the same to every task: so the gradients of all come in one piece of memory."""
    return tensor.detach().expand(tasks, *tensor.shape).requires_grad_()


def _sum(tensors: Sequence[Tensor | None]) -> Tensor | None:
    """The sum of those there are."""
    found = [tensor for tensor in tensors if tensor is not None]
    return torch.stack(found).sum(dim=0) if found else None


def cut_forward(features: Features, head: Callable[[int, Features], Tensor], tasks: int) -> tuple[list[Tensor], Cut]:
    """Each task's output from a copy of its own of the representation.

    Args:
        features: What the shared layers give.
        head: From task number and representation to its output.
        tasks: How many tasks.
    """
    cut = Cut(features, tasks)
    return [head(task, copy) for task, copy in enumerate(cut.copies)], cut

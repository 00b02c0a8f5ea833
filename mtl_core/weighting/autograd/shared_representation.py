"""The shared representation as a boundary in the autograd graph, and the tasks' gradients on both sides of it."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.autograd.mlp_backward import write_mlp_gradients
from mtl_core.weighting.autograd.passes import backward_pass

Features = tuple[Tensor, ...]


class SharedRepresentation:
    """The output of the shared layers, of which every task's head reads its own detached copy.

    One backward pass of all losses therefore leaves each head its plain gradient and each copy the gradient of its
    task alone (Sener & Koltun 2018, section 3.3): it runs through the heads once, not once per task. Which gradient
    is passed on to the shared layers is up to the weighting.

    Args:
        features: The output of the shared layers, with its graph.
        tasks: Number of tasks.

    Attributes:
        recomputes: Whether each backward pass recomputes the shared layers (activation checkpointing). Gradients can
            then not be batched over tasks, since the recomputed dropout masks would have to agree.
    """

    def __init__(self, features: Features, tasks: int) -> None:
        self.features = features
        self.recomputes = False
        self._trainable = [i for i, tensor in enumerate(features) if tensor.requires_grad]
        # A single tensor is expanded to one leaf, so that the gradients of all tasks are one tensor.
        self._leaf = _expand_leaf(features[0], tasks) if len(features) == len(self._trainable) == 1 else None
        self.copies = (
            [self._copy() for _ in range(tasks)] if self._leaf is None else [(c,) for c in self._leaf.unbind()]
        )

    def _copy(self) -> Features:
        return tuple(tensor.detach().requires_grad_(tensor.requires_grad) for tensor in self.features)

    @property
    def trainable(self) -> list[Tensor]:
        """The tensors of the representation that depend on trainable parameters."""
        return [self.features[i] for i in self._trainable]

    def gradients(self, task: int) -> list[Tensor | None]:
        """A task's gradients of the `trainable` tensors, after the losses' backward pass; None for those not read."""
        if self._leaf is not None:
            return [None if self._leaf.grad is None else self._leaf.grad[task]]
        return [self.copies[task][i].grad for i in self._trainable]

    def jacobian(self, tasks: Sequence[int]) -> Tensor:
        """[len(tasks), M] the tasks' gradients of the flattened `trainable` tensors."""
        columns = [part.flatten(1) for part in self._stack_gradients(tasks)]
        return columns[0] if len(columns) == 1 else torch.cat(columns, dim=1)

    def unflatten(self, flat: Tensor) -> list[Tensor]:
        """Split a flat direction [M] into gradients of the `trainable` tensors."""
        sizes = [tensor.numel() for tensor in self.trainable]
        parts = torch.split(flat, sizes)
        return [part.view_as(tensor) for part, tensor in zip(parts, self.trainable, strict=True)]

    def weighted_sum(self, factors: Tensor, tasks: Sequence[int]) -> list[Tensor]:
        """The sum of factor × gradient over tasks, for each of the `trainable` tensors.

        Args:
            factors: [len(tasks)].
            tasks: Numbers of the tasks.
        """
        if self._leaf is not None:
            return [torch.tensordot(factors, part, dims=1) for part in self._stack_gradients(tasks)]
        sums = [torch.zeros_like(tensor) for tensor in self.trainable]
        for factor, task in zip(factors.unbind(), tasks, strict=True):
            for total, gradient in zip(sums, self.gradients(task), strict=True):
                if gradient is not None:
                    total.add_(gradient * factor)
        return sums

    def shared_gradients(
        self, task: int, parameters: Sequence[nn.Parameter], *, retain_graph: bool
    ) -> list[Tensor | None]:
        """A task's gradients of shared parameters, None for those it does not reach.

        Args:
            task: Number of the task.
            parameters: Trainable parameters of the shared layers.
            retain_graph: As in ``torch.autograd.grad``.
        """
        return self._vector_jacobian_product(self.gradients(task), parameters, retain_graph=retain_graph)

    def batched_shared_gradients(
        self, tasks: Sequence[int], parameters: Sequence[nn.Parameter], *, retain_graph: bool
    ) -> list[Tensor]:
        """The gradients of shared parameters for several tasks by ``vmap``, [len(tasks), …] each.

        Raises:
            RuntimeError: A layer does not support batched gradients.
        """
        with backward_pass:
            gradients = torch.autograd.grad(
                self.trainable,
                list(parameters),
                self._stack_gradients(tasks),
                retain_graph=retain_graph,
                allow_unused=True,
                is_grads_batched=True,
            )
        pairs = zip(parameters, gradients, strict=True)
        return [p.new_zeros(len(tasks), *p.shape) if gradient is None else gradient for p, gradient in pairs]

    def write_mlp_gradients(self, tasks: Sequence[int], parameters: Sequence[nn.Parameter], jacobian: Tensor) -> bool:
        """Write the tasks' gradients of shared parameters to [len(tasks), P], if the shared layers are an MLP.

        Returns:
            Whether they are; if not, the Jacobian may be partly written.
        """
        if len(self.trainable) != 1:
            return False
        with backward_pass:
            return write_mlp_gradients(self.trainable[0], self._stack_gradients(tasks)[0], parameters, jacobian)

    def _stack_gradients(self, tasks: Sequence[int]) -> list[Tensor]:
        """The tasks' gradients of each of the `trainable` tensors, [len(tasks), …]; zeros for those not read."""
        if self._leaf is not None:
            gradients = torch.zeros_like(self._leaf) if self._leaf.grad is None else self._leaf.grad
            return [gradients if len(tasks) == len(self.copies) else gradients[list(tasks)]]
        return [torch.stack(column) for column in zip(*map(self._dense_gradients, tasks), strict=True)]

    def _dense_gradients(self, task: int) -> list[Tensor]:
        pairs = zip(self.trainable, self.gradients(task), strict=True)
        return [torch.zeros_like(tensor) if gradient is None else gradient for tensor, gradient in pairs]

    def _vector_jacobian_product(
        self, gradients: Sequence[Tensor | None], parameters: Sequence[nn.Parameter], *, retain_graph: bool
    ) -> list[Tensor | None]:
        """Gradients of shared parameters from gradients of the `trainable` tensors."""
        pairs = [(t, g) for t, g in zip(self.trainable, gradients, strict=True) if g is not None]
        if not pairs or not parameters:
            return [None] * len(parameters)
        outputs, grad_outputs = zip(*pairs, strict=True)
        with backward_pass:
            return list(
                torch.autograd.grad(outputs, parameters, grad_outputs, retain_graph=retain_graph, allow_unused=True)
            )

    def loss_gradients(self, loss: Tensor, task: int, parameters: Sequence[nn.Parameter]) -> list[Tensor | None]:
        """A task's gradients of shared parameters before any backward pass; the graphs are retained."""
        copies = [self.copies[task][i] for i in self._trainable]
        if not copies:
            return [None] * len(parameters)
        with backward_pass:
            gradients = torch.autograd.grad(loss, copies, retain_graph=True, allow_unused=True)
        return self._vector_jacobian_product(gradients, parameters, retain_graph=True)

    def joint_loss_gradients(self, loss: Tensor, parameters: Sequence[nn.Parameter]) -> list[Tensor | None]:
        """The gradients of a loss of several tasks' outputs, for shared parameters and those of heads.

        Args:
            loss: 0-d.
            parameters: Trainable parameters on either side of the representation.

        Returns:
            None for the parameters it does not reach; the graphs are retained.
        """
        copies = [copy[i] for copy in self.copies for i in self._trainable]
        with backward_pass:
            gradients = torch.autograd.grad(loss, [*parameters, *copies], retain_graph=True, allow_unused=True)
        head_gradients, copy_gradients = gradients[: len(parameters)], gradients[len(parameters) :]
        count = len(self._trainable)
        sums = [_sum_reached(copy_gradients[i::count]) for i in range(count)]
        shared_gradients = self._vector_jacobian_product(sums, parameters, retain_graph=True)
        return [_sum_reached(pair) for pair in zip(head_gradients, shared_gradients, strict=True)]

    def backward(self, gradients: Sequence[Tensor]) -> None:
        """Run the backward pass of the shared layers from gradients of the `trainable` tensors; frees the graph."""
        if gradients:
            with backward_pass:
                torch.autograd.backward(self.trainable, list(gradients))


def _expand_leaf(tensor: Tensor, tasks: int) -> Tensor:
    """[tasks, …] a leaf that repeats the tensor for every task without copying it."""
    return tensor.detach().expand(tasks, *tensor.shape).requires_grad_()


def _sum_reached(tensors: Sequence[Tensor | None]) -> Tensor | None:
    """The sum of the tensors that are not None; None if all are."""
    reached = [tensor for tensor in tensors if tensor is not None]
    return torch.stack(reached).sum(dim=0) if reached else None


def detach_at_representation(
    features: Features, head: Callable[[int, Features], Tensor], tasks: int
) -> tuple[list[Tensor], SharedRepresentation]:
    """Run each task's head on its own detached copy of the shared representation.

    Args:
        features: The output of the shared layers.
        head: From task number and representation to the task's output.
        tasks: Number of tasks.

    Returns:
        Each task's output, and the representation that connects them to the shared layers.
    """
    representation = SharedRepresentation(features, tasks)
    return [head(task, copy) for task, copy in enumerate(representation.copies)], representation

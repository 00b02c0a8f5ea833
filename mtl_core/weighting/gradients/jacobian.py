"""The Jacobian of the task losses: each task's gradient of the shared parameters as a row of a matrix."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.autograd.shared_representation import SharedRepresentation
from mtl_core.weighting.interface import ForwardPass


def flatten_gradients(
    gradients: Sequence[Tensor | None], parameters: Sequence[nn.Parameter], out: Tensor | None = None
) -> Tensor:
    """[P] the gradients flattened and concatenated, with zeros for parameters without one."""
    pairs = zip(parameters, gradients, strict=True)
    with torch.no_grad():
        return torch.cat([p.new_zeros(p.numel()) if g is None else g.reshape(-1) for p, g in pairs], out=out)


class JacobianBuffer:
    """Computes Jacobians into one reused buffer: allocating it in every step costs more than filling it.

    From a pass detached at the shared representation, the rows of an MLP trunk are computed together, as are by
    ``vmap`` those of other trunks without convolutions. Where a layer does not support that, or is a convolution, for
    which ``vmap`` would be several times slower, the trunk's backward pass runs once for each task.

    Args:
        template: A tensor with the gradients' dtype and device, for models without shared parameters.
    """

    def __init__(self, template: Tensor) -> None:
        self._template = template
        self._buffer = torch.empty(0)
        self._may_be_mlp = True
        self._supports_vmap: bool | None = None

    @property
    def runs_per_task(self) -> bool:
        """Whether the trunk's backward pass had to run once for each task."""
        return self._supports_vmap is False

    def compute(self, forward_pass: ForwardPass, tasks: Sequence[int], shared: Sequence[nn.Parameter]) -> Tensor:
        """[len(tasks), P] the tasks' gradients in the buffer; the forward pass's graph is freed.

        Args:
            forward_pass: If it is detached at the representation, the heads' backward pass must have run.
            tasks: Numbers of the tasks, in the order of the rows.
            shared: The trainable shared parameters. The backward passes of an undivided graph leave the other
                parameters their plain gradient.
        """
        rows = self._resize(len(tasks), shared)
        representation = forward_pass.representation
        if representation is None:
            self._backward_whole_graph(forward_pass, tasks, shared, rows)
        elif shared and representation.trainable:
            self._backward_trunk(representation, tasks, shared, rows)
        else:
            rows.zero_()
        return rows

    def _backward_whole_graph(
        self, forward_pass: ForwardPass, tasks: Sequence[int], shared: Sequence[nn.Parameter], rows: Tensor
    ) -> None:
        for row, task in enumerate(tasks):
            for parameter in shared:
                parameter.grad = None
            with backward_pass:
                torch.autograd.backward(forward_pass.losses[task], retain_graph=row < len(tasks) - 1)
            if shared:
                flatten_gradients([parameter.grad for parameter in shared], shared, out=rows[row])

    def _backward_trunk(
        self, representation: SharedRepresentation, tasks: Sequence[int], shared: Sequence[nn.Parameter], rows: Tensor
    ) -> None:
        batchable = len(tasks) > 1 and not representation.recomputes
        if batchable and self._may_be_mlp:
            self._may_be_mlp = representation.write_mlp_gradients(tasks, shared, rows)
            if self._may_be_mlp:
                return
        if batchable and self._supports_vmap is None:
            has_convolutions = any(parameter.ndim > 2 for parameter in shared)
            self._supports_vmap = not has_convolutions and _supports_vmap(representation, tasks, shared)
        if batchable and self._supports_vmap:
            gradients = representation.batched_shared_gradients(tasks, shared, retain_graph=False)
            torch.cat([gradient.reshape(len(tasks), -1) for gradient in gradients], dim=1, out=rows)
            return
        for row, task in enumerate(tasks):
            retain_graph = row < len(tasks) - 1
            task_gradients = representation.shared_gradients(task, shared, retain_graph=retain_graph)
            flatten_gradients(task_gradients, shared, out=rows[row])

    def _resize(self, count: int, shared: Sequence[nn.Parameter]) -> Tensor:
        template = shared[0] if shared else self._template
        size = (count, sum(parameter.numel() for parameter in shared))
        buffer = self._buffer
        if buffer.shape != size or buffer.dtype != template.dtype or buffer.device != template.device:
            self._buffer = torch.empty(size, dtype=template.dtype, device=template.device)
        return self._buffer


def _supports_vmap(representation: SharedRepresentation, tasks: Sequence[int], shared: Sequence[nn.Parameter]) -> bool:
    """Whether every layer supports batched gradients, found out by computing them; the graph is retained."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            representation.batched_shared_gradients(tasks, shared, retain_graph=True)
    except (RuntimeError, UserWarning):
        return False
    return True

"""The backward pass of a plain chain of linear layers and activations, for several tasks at once."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

_LINEAR = {"AddmmBackward0": "_saved_mat1", "MmBackward0": "_saved_self"}
"""Layers with and without an offset, and the name under which they keep their input."""
_ACTIVATIONS = {
    f"{name}Backward0" for name in ("Relu", "LeakyRelu", "Elu", "Silu", "Tanh", "Sigmoid", "Softplus", "Mul")
}
"""What takes each number by itself (``Mul``: dropout), so that the gradients of several tasks may go in together."""

_Places = dict[Tensor | None, Tensor]
_Step = tuple[Node | None, Tensor]


@torch.no_grad()
def through_chain(end: Tensor, gradients: Tensor, parameters: Sequence[nn.Parameter], rows: Tensor) -> bool:
    """Writes the tasks' gradients of shared parameters, where the shared layers are a plain chain.

    The gradients of a weight are one product of matrices for all tasks, written where they belong: on a small trunk
    this takes two thirds of the time of ``vmap`` over the backward pass. The graph is read, not used up.

    Args:
        end: [N, M] the representation, with its graph.
        gradients: [K, N, M] of it, one a task.
        parameters: That learn.
        rows: [K, P] to be written.

    Returns:
        Whether the layers are such a chain; if not, some of the rows may be written all the same.
    """
    parts = torch.split(rows, [parameter.numel() for parameter in parameters], dim=1)
    places: _Places = dict(zip(parameters, parts, strict=True))
    node = end.grad_fn
    try:
        while node is not None:
            step = _activation if node.name() in _ACTIVATIONS else _linear
            node, gradients = step(node, gradients, places)
    except KeyError:
        return False
    return not places


def _activation(node: Node, gradients: Tensor, _places: _Places) -> _Step:
    before, *others = [found for found, _ in node.next_functions]
    if any(others):
        raise KeyError("a product of two tensors that both have a gradient")
    found = node(gradients)  # type: ignore[operator]  # torch does not say that nodes are functions
    return before, found[0] if isinstance(found, tuple) else found


def _linear(node: Node, gradients: Tensor, places: _Places) -> _Step:
    """Fills the places of the layer's parameters and takes them out.

    Raises:
        KeyError: It is no linear layer, or one whose parameters have no place.
    """
    saved = _LINEAR[node.name()]
    *offset, before, weight = [found for found, _ in node.next_functions]
    if any(offset):
        torch.sum(gradients, 1, out=places.pop(_leaf(offset[0])))
    if weight is not None:
        tasks, rows, outputs = gradients.shape
        place = places.pop(_leaf(weight)).view(tasks, outputs, -1)
        given: Tensor = getattr(node, saved)
        torch.bmm(gradients.mT, given.expand(tasks, rows, -1), out=place)
    if before is not None:
        gradients = gradients @ node._saved_mat2.T  # type: ignore[attr-defined]
    return before, gradients


def _leaf(node: Node | None) -> Tensor | None:
    """The tensor whose gradient a node gathers, or gathers for its transpose."""
    if node is not None and node.name() == "TBackward0":
        node = node.next_functions[0][0]
    return getattr(node, "variable", None)

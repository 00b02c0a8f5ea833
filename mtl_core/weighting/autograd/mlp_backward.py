"""A fast backward pass of multilayer perceptrons for the gradients of several tasks at once."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

_LINEAR = {"AddmmBackward0": "_saved_mat1", "MmBackward0": "_saved_self"}
"""Autograd nodes of linear layers with and without bias, and the attribute in which each saves its input."""
_ACTIVATIONS = {
    f"{name}Backward0" for name in ("Relu", "LeakyRelu", "Elu", "Silu", "Tanh", "Sigmoid", "Softplus", "Mul")
}
"""Autograd nodes of elementwise operations (``Mul``: dropout), which broadcast over a leading task dimension."""

_Destinations = dict[Tensor | None, Tensor]
_NodeGradients = tuple[Node | None, Tensor]


@torch.no_grad()
def write_mlp_gradients(
    output: Tensor, gradients: Tensor, parameters: Sequence[nn.Parameter], jacobian: Tensor
) -> bool:
    """Write each task's gradients of the parameters of an MLP into a Jacobian.

    The gradients of a weight are one batched matrix product for all tasks, written in place: on a small trunk
    this takes two thirds of the time of ``vmap`` over the backward pass. The graph is read, not freed.

    Args:
        output: [N, M] the MLP's output, with its graph.
        gradients: [K, N, M] each task's gradient of the output.
        parameters: The MLP's trainable parameters.
        jacobian: [K, P] to write to.

    Returns:
        Whether the graph is that of an MLP; if not, the Jacobian may be partly written.
    """
    columns = torch.split(jacobian, [parameter.numel() for parameter in parameters], dim=1)
    destinations: _Destinations = dict(zip(parameters, columns, strict=True))
    node = output.grad_fn
    try:
        while node is not None:
            backward = _activation_backward if node.name() in _ACTIVATIONS else _linear_backward
            node, gradients = backward(node, gradients, destinations)
    except KeyError:
        return False
    return not destinations


def _activation_backward(node: Node, gradients: Tensor, _destinations: _Destinations) -> _NodeGradients:
    previous, *others = [function for function, _ in node.next_functions]
    if any(others):
        raise KeyError("a product of two tensors that both have a gradient")
    result = node(gradients)  # type: ignore[operator]  # torch does not say that nodes are functions
    return previous, result[0] if isinstance(result, tuple) else result


def _linear_backward(node: Node, gradients: Tensor, destinations: _Destinations) -> _NodeGradients:
    """Write the gradients of a linear layer's parameters and remove their destinations.

    Raises:
        KeyError: The node is not a linear layer, or its parameters have no destination.
    """
    input_attribute = _LINEAR[node.name()]
    *bias, previous, weight = [function for function, _ in node.next_functions]
    if any(bias):
        torch.sum(gradients, 1, out=destinations.pop(_leaf(bias[0])))
    if weight is not None:
        tasks, rows, outputs = gradients.shape
        destination = destinations.pop(_leaf(weight)).view(tasks, outputs, -1)
        layer_input: Tensor = getattr(node, input_attribute)
        torch.bmm(gradients.mT, layer_input.expand(tasks, rows, -1), out=destination)
    if previous is not None:
        gradients = gradients @ node._saved_mat2.T  # type: ignore[attr-defined]
    return previous, gradients


def _leaf(node: Node | None) -> Tensor | None:
    """The leaf tensor behind an ``AccumulateGrad`` node, directly or through a transpose."""
    if node is not None and node.name() == "TBackward0":
        node = node.next_functions[0][0]
    return getattr(node, "variable", None)

"""How many CPU threads a model is worth."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

SMALL_STEP = 10_000_000
"""Multiplications of a batch's forward pass below which threads cost more than they bring.

They wait for each other after every operation, and for whoever else uses the machine: on two busy cores, a small model
trains seven times slower on two threads than on one.
"""


def multiplications(model: nn.Module, row: Tensor) -> int:
    """Multiplications of the forward pass of one row ``[1, …]`` in linear, convolution and recurrent layers."""
    counts: list[int] = []

    def count(module: nn.Module, _: Any, output: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        counts.append(weight.numel() * output.numel() // weight.shape[0])

    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    layers_in_time = [m for m in model.modules() if isinstance(m, nn.RNNBase)]

    def count_recurrent(module: nn.Module, _: Any, output: tuple[Tensor, Any]) -> None:
        weights = sum(parameter.numel() for parameter in module.parameters() if parameter.ndim == 2)
        counts.append(weights * output[0].shape[0] * output[0].shape[1])

    hooks = [layer.register_forward_hook(count) for layer in layers]
    hooks += [layer.register_forward_hook(count_recurrent) for layer in layers_in_time]
    was_training = model.training
    with torch.inference_mode():
        model.eval()(row)
    model.train(was_training)
    for hook in hooks:
        hook.remove()
    return sum(counts)


@contextmanager
def threads_for(model: nn.Module, row: Tensor, batch_size: int, wanted: int | None) -> Iterator[int]:
    """Train with as many threads as were asked for, or as the model is worth; then put the old number back.

    The choice follows from model and batch size alone, so that a resumed run, on the same machine, adds up its numbers
    in the same order.
    """
    before = torch.get_num_threads()
    if wanted is None:
        wanted = 1 if multiplications(model, row) * batch_size < SMALL_STEP else before
    torch.set_num_threads(wanted)
    try:
        yield wanted
    finally:
        torch.set_num_threads(before)

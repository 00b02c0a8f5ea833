"""Number of CPU threads for training, chosen by the size of a step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from mtl_core.datasets.data import Inputs

SMALL_BATCH_MULTIPLICATIONS = 10_000_000
"""Multiplications of a batch's forward pass below which several threads are slower than one.

Threads wait for each other after every operation, and for other processes: on two busy cores, a small model trains
seven times slower on two threads than on one.
"""


def count_multiplications(model: nn.Module, row: Inputs) -> int:
    """Count the multiplications of linear, convolution and recurrent layers in a forward pass of one row ``[1, …]``."""
    counts: list[int] = []

    def count(module: nn.Module, _: Any, output: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        counts.append(weight.numel() * output.numel() // weight.shape[0])

    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
    transposed_layers = [m for m in model.modules() if isinstance(m, nn.ConvTranspose1d | nn.ConvTranspose2d)]
    recurrent_layers = [m for m in model.modules() if isinstance(m, nn.RNNBase)]

    def count_transposed(module: nn.Module, inputs: tuple[Tensor], _: Tensor) -> None:
        weight = module.weight
        assert isinstance(weight, Tensor)
        counts.append(weight.numel() * inputs[0].numel() // weight.shape[0])

    def count_recurrent(module: nn.Module, _: Any, output: tuple[Tensor, Any]) -> None:
        weights = sum(parameter.numel() for parameter in module.parameters() if parameter.ndim == 2)
        counts.append(weights * output[0].shape[0] * output[0].shape[1])

    hooks = [layer.register_forward_hook(count) for layer in layers]
    hooks += [layer.register_forward_hook(count_transposed) for layer in transposed_layers]
    hooks += [layer.register_forward_hook(count_recurrent) for layer in recurrent_layers]
    was_training = model.training
    with torch.inference_mode():
        model.eval()(row)
    model.train(was_training)
    for hook in hooks:
        hook.remove()
    return sum(counts)


@contextmanager
def use_threads(model: nn.Module, row: Inputs, batch_size: int, threads: int | None) -> Iterator[int]:
    """Set the number of torch threads as requested, or by the size of the model; restores it on exit.

    The choice depends only on model and batch size, so that a resumed run, on the same machine, adds numbers in the
    same order.
    """
    previous = torch.get_num_threads()
    if threads is None:
        threads = 1 if count_multiplications(model, row) * batch_size < SMALL_BATCH_MULTIPLICATIONS else previous
    torch.set_num_threads(threads)
    try:
        yield threads
    finally:
        torch.set_num_threads(previous)

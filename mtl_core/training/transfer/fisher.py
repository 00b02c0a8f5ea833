"""Diagonal Fisher information of task losses, for elastic weight consolidation (EWC)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import Split
from mtl_core.tasks import TaskHead
from mtl_core.training.runtime.seeding import epoch_order


def fisher_diagonal(
    model: MultiTaskModel,
    tasks: Mapping[int, TaskHead],
    parameters: Sequence[nn.Parameter],
    split: Split,
    *,
    rows: int,
    seed: int,
) -> list[Tensor]:
    """Compute the diagonal of the empirical Fisher information of task losses (Kirkpatrick et al. 2017).

    For each task it is the mean, over the labeled rows, of the squared gradient of the row's loss, with the model in
    evaluation mode; the results are summed over the tasks. Labels are those of the rows, not sampled from the model
    (see Kunstner et al. 2019), and torch's random number generators are not used.

    Args:
        model: The model; its mode is restored.
        tasks: Tasks by their index in the model.
        parameters: Parameters to differentiate by.
        split: The rows.
        rows: Number of rows to sample at most.
        seed: Seed of the sample.

    Returns:
        For each parameter a tensor of its shape; zeros where no loss depends on it.
    """
    device = parameters[0].device if parameters else torch.device("cpu")
    sample = epoch_order(len(split), seed, 0)[:rows].tolist()
    masks = {i: _labeled_rows(split, task.name) for i, task in tasks.items()}
    value_masks = {i: partial(_value_mask, split, task.name, device) for i, task in tasks.items()}
    totals = [torch.zeros_like(parameter) for parameter in parameters]
    counts = {i: max(sum(masks[i][row] for row in sample), 1) for i in tasks}
    with _evaluation_mode(model, parameters):
        for row in sample:
            labeled_tasks = {i: task for i, task in tasks.items() if masks[i][row]}
            outputs = model(split.select_inputs(slice(row, row + 1), device)) if labeled_tasks else ()
            for i, task in labeled_tasks.items():
                loss = task.loss(outputs[i], split.targets[task.name][row : row + 1].to(device), value_masks[i](row))
                if loss.requires_grad:
                    gradients = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
                    for total, gradient in zip(totals, gradients, strict=True):
                        if gradient is not None:
                            total.addcmul_(gradient, gradient, value=1 / counts[i])
    return totals


@contextmanager
def _evaluation_mode(model: MultiTaskModel, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Set evaluation mode with gradients enabled for the parameters; restores both on exit."""
    training, required_grad = model.training, [parameter.requires_grad for parameter in parameters]
    model.eval()
    for parameter in parameters:
        parameter.requires_grad_(True)
    with torch.backends.cudnn.flags(enabled=False):  # cuDNN has no backward pass of RNNs in evaluation mode
        yield
    for parameter, requires_grad in zip(parameters, required_grad, strict=True):
        parameter.requires_grad_(requires_grad)
    model.train(training)


def _value_mask(split: Split, task: str, device: torch.device, row: int) -> Tensor | None:
    """Return the ``[1, W]`` mask of labeled values of a row, for a task whose rows may be labeled in part."""
    mask = split.masks.get(task)
    return mask[row : row + 1].to(device) if mask is not None and mask.dim() == 2 else None


def _labeled_rows(split: Split, task: str) -> list[bool]:
    mask = split.label_mask(task)
    return [True] * len(split) if mask is None else mask.tolist()

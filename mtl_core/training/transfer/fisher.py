"""How much tasks depend on each weight."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import Tensor, nn

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import Split
from mtl_core.tasks import TaskHead
from mtl_core.training.runtime.seeding import epoch_order


def fisher(
    model: MultiTaskModel,
    tasks: Mapping[int, TaskHead],
    parameters: Sequence[nn.Parameter],
    split: Split,
    *,
    rows: int,
    seed: int,
) -> list[Tensor]:
    """The diagonal of the empirical Fisher information of some tasks' losses (Kirkpatrick et al. 2017).

    For each task the mean, over the rows that have its label, of the squared gradient of the row's loss, the model in
    evaluation mode; then the sum over the tasks. Labels are those of the rows, not drawn from the model (Kunstner et
    al. 2019 on the difference), and no random number is drawn from torch's generators.

    Args:
        model: Left in the mode it was in.
        tasks: By their place in the model.
        parameters: Of which weights.
        split: The rows.
        rows: The most rows to look at, drawn at random.
        seed: Of that draw.

    Returns:
        For each parameter a tensor of its shape; zeros where no loss reaches it.
    """
    device = parameters[0].device if parameters else torch.device("cpu")
    chosen = epoch_order(len(split.inputs), seed, 0)[:rows].tolist()
    masks = {i: _labelled(split, task.name) for i, task in tasks.items()}
    known = {i: partial(_values, split, task.name, device) for i, task in tasks.items()}
    totals = [torch.zeros_like(parameter) for parameter in parameters]
    counts = {i: max(sum(masks[i][row] for row in chosen), 1) for i in tasks}
    with _looked_at(model, parameters):
        for row in chosen:
            here = {i: task for i, task in tasks.items() if masks[i][row]}
            outputs = model(split.inputs[row : row + 1].to(device)) if here else ()
            for i, task in here.items():
                loss = task.loss(outputs[i], split.targets[task.name][row : row + 1].to(device), known[i](row))
                if loss.requires_grad:
                    found = torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)
                    for total, gradient in zip(totals, found, strict=True):
                        if gradient is not None:
                            total.addcmul_(gradient, gradient, value=1 / counts[i])
    return totals


@contextmanager
def _looked_at(model: MultiTaskModel, parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """A model in evaluation mode with parameters that have gradients, which is left as it was."""
    training, learning = model.training, [parameter.requires_grad for parameter in parameters]
    model.eval()
    for parameter in parameters:
        parameter.requires_grad_(True)
    with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no backward pass in evaluation mode
        yield
    for parameter, learned in zip(parameters, learning, strict=True):
        parameter.requires_grad_(learned)
    model.train(training)


def _values(split: Split, task: str, device: torch.device, row: int) -> Tensor | None:
    """Which values of a row are there, ``[1, W]``, of a task whose rows may lack some."""
    mask = split.masks.get(task)
    return mask[row : row + 1].to(device) if mask is not None and mask.dim() == 2 else None


def _labelled(split: Split, task: str) -> list[bool]:
    mask = split.labelled(task)
    return [True] * len(split.inputs) if mask is None else mask.tolist()

"""The losses and metrics of a split."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from mtl_core.datasets.data import Split
from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batches

Scores = dict[str, dict[str, float]]
"""Metric by task and name; ``loss`` is among them unless the split has no label for the task."""


_FEWEST, _MOST, _BYTES = 32, 2048, 2**18
"""Rows of a batch without gradients, and the size on the CPU that they are counted by: layers make ten and more times
as much of it, and a convolution is half as fast where that no longer fits its caches."""


def evaluation_batches(split: Split, tasks: tuple[str, ...], device: torch.device) -> Batches:
    """A split in batches for scores and predictions, whose results do not depend on their size but for rounding."""
    rows = _BYTES // max(split.inputs[:1].nbytes, 1) if device.type == "cpu" else _MOST
    return Batches(split, tasks, min(max(rows, _FEWEST), _MOST), device)


class Scorer:
    """Scores models on the splits of a run; its metrics are built once, which takes as long as a small split's scores.

    Args:
        tasks: In the models' order.
        device: Where the splits' batches are.
    """

    def __init__(self, tasks: Sequence[TaskHead], device: torch.device) -> None:
        self._metrics = {task.name: task.metrics(device) for task in tasks}

    @torch.inference_mode()
    def __call__(self, model: nn.Module, batches: Batches) -> Scores:
        """Mean loss and metrics of each task over a split, the model in evaluation mode.

        A task without a label in the split has no entries.
        """
        was_training = model.training
        model.eval()
        metrics = list(self._metrics.values())
        for one in metrics:
            one.reset()
        for batch in batches.in_order():
            for i, prediction in enumerate(model(batch.inputs)):
                metrics[i].update(prediction, batch.targets[i], batch.masks[i])
        model.train(was_training)
        return {name: one.compute() for name, one in self._metrics.items()}


def total(scores: Scores, weights: dict[str, float]) -> float:
    """The weighted sum of the tasks' losses; NaN where no task has a label."""
    parts = [weights.get(task, 1.0) * values["loss"] for task, values in scores.items() if "loss" in values]
    return sum(parts) if parts else math.nan

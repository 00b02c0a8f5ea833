"""Evaluation of a model on a split: loss and metrics of each task, and the total loss."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from mtl_core.datasets.data import Split
from mtl_core.tasks import TaskHead
from mtl_core.training.batching.batches import Batches
from mtl_core.training.metrics.kept_outputs import KeptOutputs

Scores = dict[str, dict[str, float]]
"""Metric values by task and name; they include ``loss`` unless the split has no label of the task."""


_MIN_ROWS, _MAX_ROWS, _BATCH_BYTES = 32, 2048, 2**18
"""Limits for the rows of an evaluation batch, and the size of its inputs on the CPU: activations are ten and more times
larger, and a convolution is half as fast once they no longer fit the caches."""


def evaluation_batches(split: Split, tasks: tuple[str, ...], device: torch.device) -> Batches:
    """Build the batches for evaluation and prediction; their size affects results only by rounding."""
    rows = _BATCH_BYTES // max(split.row_bytes, 1) if device.type == "cpu" else _MAX_ROWS
    return Batches(split, tasks, min(max(rows, _MIN_ROWS), _MAX_ROWS), device)


class Scorer:
    """Evaluates models on splits; builds its metric objects once, as that takes as long as evaluating a small split.

    Args:
        tasks: In the order of the model's outputs.
        device: Device of the batches.
    """

    def __init__(self, tasks: Sequence[TaskHead], device: torch.device) -> None:
        self._tasks = tuple(tasks)
        self._metrics = {task.name: task.metrics(device) for task in tasks}

    @torch.inference_mode()
    def __call__(self, model: nn.Module, batches: Batches, kept: KeptOutputs | None = None) -> Scores:
        """Return mean loss and metrics of each task on a split, with the model in evaluation mode.

        Outputs of members are averaged first. A task without a label in the split has no entries. ``kept`` keeps the
        outputs of some rows.
        """
        was_training = model.training
        model.eval()
        task_metrics = list(self._metrics.values())
        for metric in task_metrics:
            metric.reset()
        if kept is not None:
            kept.clear()
        for batch in batches.iter_in_order():
            outputs = [self._tasks[i].average_members(output) for i, output in enumerate(model(batch.inputs))]
            for i, prediction in enumerate(outputs):
                task_metrics[i].update(prediction, batch.targets[i], batch.masks[i])
            if kept is not None:
                kept.add(outputs, batch)
        model.train(was_training)
        return {name: metric.compute() for name, metric in self._metrics.items()}


def total_loss(scores: Scores, weights: dict[str, float]) -> float:
    """Return the weighted sum of the task losses; NaN if no task has a label."""
    weighted_losses = [weights.get(task, 1.0) * values["loss"] for task, values in scores.items() if "loss" in values]
    return sum(weighted_losses) if weighted_losses else math.nan

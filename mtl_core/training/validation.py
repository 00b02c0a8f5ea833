"""The losses and metrics of a split."""

from collections.abc import Sequence

import torch
from torch import nn

from mtl_core.tasks import TaskHead
from mtl_core.training.batches import Batches

Scores = dict[str, dict[str, float]]
"""Metric by task and name; ``loss`` is among them unless the split has no label for the task."""


@torch.inference_mode()
def score(model: nn.Module, tasks: Sequence[TaskHead], batches: Batches) -> Scores:
    """Mean loss and metrics of each task over a split, the model in evaluation mode.

    A task without a label in the split has no entries.
    """
    was_training = model.training
    model.eval()
    metrics = [task.metrics(batches.device) for task in tasks]
    for batch in batches.in_order():
        for i, prediction in enumerate(model(batch.inputs)):
            metrics[i].update(prediction, batch.targets[i], batch.masks[i])
    model.train(was_training)
    return {task.name: metrics[i].compute() for i, task in enumerate(tasks)}


def total(scores: Scores, weights: dict[str, float]) -> float:
    """The weighted sum of the tasks' losses."""
    return sum(weights.get(task, 1.0) * values["loss"] for task, values in scores.items() if "loss" in values)

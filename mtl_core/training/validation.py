"""The losses and metrics of a split."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.tasks import TaskHead
from mtl_core.training.batches import Batches

Scores = dict[str, dict[str, float]]
"""Metric by task and name; ``loss`` is among them unless the split has no label for the task."""


@torch.inference_mode()
def score(model: MultiTaskModel, tasks: Sequence[TaskHead], batches: Batches) -> Scores:
    """Mean loss and metrics of each task over a split, the model in evaluation mode.

    A task without a label in the split has no entries.
    """
    was_training = model.training
    model.eval()
    metrics = [task.metrics(batches.device) for task in tasks]
    sums = torch.zeros(len(tasks), dtype=torch.float64, device=batches.device)
    counts = torch.zeros_like(sums)
    for batch in batches.in_order():
        predictions = model(batch.inputs)
        for i, task in enumerate(tasks):
            target, mask = batch.targets[i], batch.masks[i]
            labelled: Tensor | int = len(target) if mask is None else mask.sum()
            sums[i] += task.loss(predictions[i], target, mask) * labelled
            counts[i] += labelled
            metrics[i].update(predictions[i], target, mask)
    model.train(was_training)
    means, seen = (sums / counts).tolist(), counts.tolist()
    return {task.name: {"loss": means[i], **metrics[i].compute()} if seen[i] else {} for i, task in enumerate(tasks)}


def total(scores: Scores, weights: dict[str, float]) -> float:
    """The weighted sum of the tasks' losses."""
    return sum(weights.get(task, 1.0) * values["loss"] for task, values in scores.items() if "loss" in values)

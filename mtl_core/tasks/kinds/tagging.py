"""Tagging: a class for every token of a text."""

from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import TaggingTask, TargetInfo
from mtl_core.tabular.text.tags import read_tags
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import TaskHead, directions
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.losses import class_weights
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.classes import check_class_weights, class_info, map_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource


def _read_labels(task: TaggingTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    there, tags, names = read_tags(column, source.tokens, f"{at}.target")
    return check_class_weights(Labels(task, there, classes=names, maps=tags), at)


def build_tagging(task: TaggingTask, info: TargetInfo) -> TaskHead:
    """The runtime of a tagging task: logits ``[N, C, L]``, targets ``[N, L]`` of which those below 0 are no tokens.

    The loss is the mean over all tokens, so that a long text counts more than a short one; F1 is the mean over the tags
    that are there or predicted.
    """
    classes = len(info.classes)
    weights = class_weights(task.class_weights, info)

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        tags = target.long() if mask is None else target.long().masked_fill(~mask.view(-1, 1), -1)
        there = tags >= 0
        known = tags.clamp(min=0)
        entropy = F.cross_entropy(prediction, known, reduction="none")
        if weights is not None:
            entropy = entropy * weights.to(prediction)[known]
        return entropy.masked_fill(~there, 0).sum() / there.sum().clamp(min=1)

    def read(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        there = target >= 0
        return prediction.argmax(1)[there], target[there].long()

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=loss,
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        read=read,
        measures=measures,
        average=output_averaging.classes,
        columns=partial(prediction_columns.tags, task, info),
        distance=distillation.classes,
        amount=lambda target: (target >= 0).sum(),
    )


def _measure(name: str, classes: int) -> Measure:
    from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

    match name:
        case "accuracy":
            return Measure(MulticlassAccuracy(classes, average="micro", validate_args=False))
        case "f1":
            return Measure(MulticlassF1Score(classes, average="macro", validate_args=False))
    raise ValueError(f"no such metric of a tagging task: {name}")


KIND = TaskKind(read=_read_labels, info=class_info, tensor=map_tensor, build=build_tagging)

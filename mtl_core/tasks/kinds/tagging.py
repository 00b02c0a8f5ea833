"""Tagging: a class per token of a text."""

from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import TaggingTask, TargetInfo
from mtl_core.tabular.text.tags import read_tags
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.class_metrics import build_class_metric
from mtl_core.tasks.losses import class_weights
from mtl_core.tasks.targets.classes import check_class_weights, class_info, map_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import TaskHead, directions
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


def _read_labels(task: TaggingTask, source: TargetSource, at: str) -> Labels:
    (column,) = source.columns_of(task, at)
    labeled, tags, names = read_tags(column, source.tokens, f"{at}.target")
    return check_class_weights(Labels(task, labeled, classes=names, maps=tags), at)


def build_tagging(task: TaggingTask, info: TargetInfo) -> TaskHead:
    """Build the head of a tagging task: logits ``[N, C, L]`` and targets ``[N, L]``, below 0 where there is no token.

    The loss is the mean over all tokens, so a long text counts more than a short one; F1 is the mean over the tags that
    occur or are predicted.
    """
    classes = len(info.classes)
    weights = class_weights(task.class_weights, info)

    def loss(prediction: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
        tags = target.long() if mask is None else target.long().masked_fill(~mask.view(-1, 1), -1)
        is_token = tags >= 0
        tags = tags.clamp(min=0)
        entropy = F.cross_entropy(prediction, tags, reduction="none")
        if weights is not None:
            entropy = entropy * weights.to(prediction)[tags]
        return entropy.masked_fill(~is_token, 0).sum() / is_token.sum().clamp(min=1)

    def metric_inputs(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        is_token = target >= 0
        return prediction.argmax(1)[is_token], target[is_token].long()

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: build_class_metric(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=loss,
        predict=lambda output: torch.softmax(output, dim=1),
        directions=directions(task),
        metric_inputs=metric_inputs,
        build_metrics=build_metrics,
        average=output_averaging.class_logits,
        columns=partial(prediction_columns.tags, task, info),
        distance=distillation.class_divergence,
        target_count=lambda target: (target >= 0).sum(),
    )


KIND = TaskKind(read_labels=_read_labels, target_info=class_info, target_tensor=map_tensor, build_head=build_tagging)

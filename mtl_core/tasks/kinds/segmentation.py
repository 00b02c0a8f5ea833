"""Segmentation: a class per pixel."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, SegmentationTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.class_metrics import build_class_metric
from mtl_core.tasks.losses import class_weights, cross_entropy_rows
from mtl_core.tasks.targets.classes import check_class_weights, class_info, map_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.task_head import TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric


def _read_labels(task: SegmentationTask, source: TargetSource, at: str) -> Labels:
    maps = source.maps
    if task.target not in maps:
        names = ", ".join(map(repr, maps))
        fix = f"The maps are {names}." if names else "Take a data set with maps, such as shapes."
        raise InputError(f"{at}.target", "there is no such map of classes", found=repr(task.target), fix=fix)
    class_map = maps[task.target]
    labeled = np.ones(len(class_map.values), np.bool_)
    return check_class_weights(Labels(task, labeled, classes=class_map.classes, maps=class_map.values), at)


def build_segmentation(task: SegmentationTask, info: TargetInfo) -> TaskHead:
    """Build the head of a segmentation; IoU and Dice are means over the classes that occur or are predicted.

    The logits ``[N, C, h, w]`` are upsampled bilinearly to the size of the target.
    """
    classes = len(info.classes)
    weights = class_weights(task.class_weights, info)
    gamma = task.gamma if task.loss == "focal" else None
    row_loss = partial(cross_entropy_rows, weights=weights, gamma=gamma)

    def upsample(output: Tensor) -> Tensor:
        if output.shape[2:] == info.size:
            return output
        return F.interpolate(output, size=info.size, mode="bilinear", align_corners=False)

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: build_class_metric(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(lambda prediction, target: row_loss(upsample(prediction), target.long())),
        predict=lambda output: torch.softmax(upsample(output), dim=1),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (upsample(prediction).argmax(1), target.long()),
        build_metrics=build_metrics,
        average=lambda outputs: output_averaging.class_logits(torch.stack(list(map(upsample, outputs)))),
        columns=partial(prediction_columns.shares, task, info),
        distance=distillation.class_divergence,
    )


KIND = TaskKind(
    read_labels=_read_labels, target_info=class_info, target_tensor=map_tensor, build_head=build_segmentation
)

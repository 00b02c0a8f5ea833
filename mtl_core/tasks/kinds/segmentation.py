"""Segmentation: a class for every pixel."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import InputError, SegmentationTask, TargetInfo
from mtl_core.tasks import distillation, output_averaging, prediction_columns
from mtl_core.tasks.base import TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.losses import class_rows, class_weights
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.classes import check_class_weights, class_info, map_tensor
from mtl_core.tasks.targets.labels import Labels, TargetSource


def _read_labels(task: SegmentationTask, source: TargetSource, at: str) -> Labels:
    maps = source.maps
    if task.target not in maps:
        there = ", ".join(map(repr, maps))
        fix = f"The maps are {there}." if there else "Take a data set with maps, such as shapes."
        raise InputError(f"{at}.target", "there is no such map of classes", found=repr(task.target), fix=fix)
    found = maps[task.target]
    everywhere = np.ones(len(found.values), np.bool_)
    return check_class_weights(Labels(task, everywhere, classes=found.classes, maps=found.values), at)


def build_segmentation(task: SegmentationTask, info: TargetInfo) -> TaskHead:
    """The runtime of a segmentation; IoU and Dice are means over the classes that are there or predicted.

    The head's logits ``[N, C, h, w]`` are enlarged bilinearly to the size of the target.
    """
    classes = len(info.classes)
    weights = class_weights(task.class_weights, info)
    gamma = task.gamma if task.loss == "focal" else None
    rows = partial(class_rows, weights=weights, gamma=gamma)

    def enlarged(output: Tensor) -> Tensor:
        if output.shape[2:] == info.size:
            return output
        return F.interpolate(output, size=info.size, mode="bilinear", align_corners=False)

    def measures() -> dict[str, Measure]:
        return {name: _measure(name, classes) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(lambda prediction, target: rows(enlarged(prediction), target.long())),
        predict=lambda output: torch.softmax(enlarged(output), dim=1),
        directions=directions(task),
        read=lambda prediction, target: (enlarged(prediction).argmax(1), target.long()),
        measures=measures,
        average=lambda outputs: output_averaging.classes(torch.stack(list(map(enlarged, outputs)))),
        columns=partial(prediction_columns.shares, task, info),
        distance=distillation.classes,
    )


def _measure(name: str, classes: int) -> Measure:
    from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score, MulticlassJaccardIndex

    match name:
        case "iou":
            return Measure(MulticlassJaccardIndex(classes, average="macro", validate_args=False))
        case "accuracy":
            return Measure(MulticlassAccuracy(classes, average="micro", validate_args=False))
        case "dice":
            return Measure(MulticlassF1Score(classes, average="macro", validate_args=False))
    raise ValueError(f"no such metric of a segmentation: {name}")


KIND = TaskKind(read=_read_labels, info=class_info, tensor=map_tensor, build=build_segmentation)

"""Bounding boxes: four numbers between 0 and 1, the sigmoids of four outputs."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import BoxTask, TargetInfo
from mtl_core.tasks import output_averaging, prediction_columns
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import number_info, number_matrix, number_tensor, read_numbers, reject_rows
from mtl_core.tasks.task_head import RowLoss, TaskHead, directions, masked_mean
from mtl_core.tasks.task_kind import TaskKind
from mtl_core.tasks.task_metrics import TaskMetric

_EPSILON = 1e-7


def _read_labels(task: BoxTask, source: TargetSource, at: str) -> Labels:
    labels = read_numbers(task, source, at)
    numbers = number_matrix(labels)
    outside = labels.labeled & ((numbers < 0) | (numbers > 1)).any(1)
    fix = "Divide by the image's width and height."
    reject_rows(outside, numbers, f"{at}.target", "a box is given in parts of the image, 0 to 1", fix)
    return labels


def build_box(task: BoxTask, info: TargetInfo) -> TaskHead:
    """Build the head of a box task; predictions have the format of the target."""
    from mtl_core.tasks.additional_metrics import RowMean

    def build_metrics() -> dict[str, TaskMetric]:
        return {name: TaskMetric(RowMean(_metric_function(name, task.format))) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=masked_mean(_loss(task)),
        predict=lambda output: torch.sigmoid(output.double()),
        directions=directions(task),
        metric_inputs=lambda prediction, target: (torch.sigmoid(prediction.double()), target.double()),
        build_metrics=build_metrics,
        average=output_averaging.label_logits,
        columns=partial(prediction_columns.numbers, task, info),
        distance=lambda student, teacher, _: F.mse_loss(torch.sigmoid(student), torch.sigmoid(teacher)),
    )


def corners(box: Tensor, box_format: str) -> Tensor:
    """Left, top, right, bottom ``[N, 4]`` of boxes in a format of :class:`BoxTask`."""
    if box_format == "xyxy":
        return box
    start, size = box[:, :2], box[:, 2:]
    if box_format == "cxcywh":
        start = start - size / 2
    return torch.cat([start, start + size], dim=1)


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """[N] IoU and [N] GIoU (Rezatofighi et al. 2019) of boxes given by their corners; an inverted box has area 0."""
    areas = _area(a) + _area(b)
    intersection = _area(torch.cat([torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])], dim=1))
    union = areas - intersection
    hull = _area(torch.cat([torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])], dim=1))
    iou = intersection / union.clamp(min=_EPSILON)
    return iou, iou - (hull - union) / hull.clamp(min=_EPSILON)


def _area(box: Tensor) -> Tensor:
    return (box[:, 2:] - box[:, :2]).clamp(min=0).prod(dim=1)


def _loss(task: BoxTask) -> RowLoss:
    def smooth_l1(output: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(torch.sigmoid(output), target, beta=task.beta, reduction="none").mean(1)

    def bce(output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none").mean(1)

    def one_minus_overlap(index: int) -> RowLoss:
        return lambda output, target: (
            1 - overlap(corners(torch.sigmoid(output), task.format), corners(target, task.format))[index]
        )

    losses = {"smooth_l1": smooth_l1, "bce": bce, "iou": one_minus_overlap(0), "giou": one_minus_overlap(1)}
    return losses[task.loss]


def _metric_function(name: str, box_format: str) -> Callable[[Tensor, Tensor], Tensor]:
    match name:
        case "iou":
            return lambda p, t: overlap(corners(p, box_format), corners(t, box_format))[0]
        case "giou":
            return lambda p, t: overlap(corners(p, box_format), corners(t, box_format))[1]
        case "iou50":
            return lambda p, t: overlap(corners(p, box_format), corners(t, box_format))[0] >= 0.5
        case "mae":
            return lambda p, t: (p - t).abs().mean(1)
    raise ValueError(f"no such metric of a box: {name}")


KIND = TaskKind(read_labels=_read_labels, target_info=number_info, target_tensor=number_tensor, build_head=build_box)

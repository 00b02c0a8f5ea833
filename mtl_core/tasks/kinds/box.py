"""Boxes: four numbers of 0…1, the sigmoids of four outputs."""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F  # noqa: N812  # its usual name
from torch import Tensor

from mtl_core.spec import BoxTask, TargetInfo
from mtl_core.tasks import output_averaging, prediction_columns
from mtl_core.tasks.base import RowLoss, TaskHead, directions, mean_of
from mtl_core.tasks.kind import TaskKind
from mtl_core.tasks.metrics import Measure
from mtl_core.tasks.targets.labels import Labels, TargetSource
from mtl_core.tasks.targets.numbers import number_info, number_tensor, numbers_of, read_numbers, refuse_rows

_LEAST = 1e-7


def _read_labels(task: BoxTask, source: TargetSource, at: str) -> Labels:
    labels = read_numbers(task, source, at)
    numbers = numbers_of(labels)
    outside = labels.there & ((numbers < 0) | (numbers > 1)).any(1)
    fix = "Divide by the image's width and height."
    refuse_rows(outside, numbers, f"{at}.target", "a box is given in parts of the image, 0 to 1", fix)
    return labels


def build_box(task: BoxTask, info: TargetInfo) -> TaskHead:
    """The runtime of a box task; predictions are in the format of the target."""
    from mtl_core.tasks.additional_metrics import RowMean

    def measures() -> dict[str, Measure]:
        return {name: Measure(RowMean(_measure(name, task.format))) for name in task.metrics}

    return TaskHead(
        name=task.name,
        out_features=info.outputs,
        loss=mean_of(_loss(task)),
        predict=lambda output: torch.sigmoid(output.double()),
        directions=directions(task),
        read=lambda prediction, target: (torch.sigmoid(prediction.double()), target.double()),
        measures=measures,
        average=output_averaging.labels,
        columns=partial(prediction_columns.numbers, task, info),
        distance=lambda output, wanted, _: F.mse_loss(torch.sigmoid(output), torch.sigmoid(wanted)),
    )


def corners(box: Tensor, form: str) -> Tensor:
    """Left, top, right, bottom ``[N, 4]`` of boxes in a format of :class:`BoxTask`."""
    if form == "xyxy":
        return box
    start, size = box[:, :2], box[:, 2:]
    if form == "cxcywh":
        start = start - size / 2
    return torch.cat([start, start + size], dim=1)


def overlap(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """[N] IoU, and GIoU (Rezatofighi et al. 2019), of boxes given by their corners; an inverted box has no area."""
    area = _area(a) + _area(b)
    shared = _area(torch.cat([torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])], dim=1))
    union = area - shared
    hull = _area(torch.cat([torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])], dim=1))
    iou = shared / union.clamp(min=_LEAST)
    return iou, iou - (hull - union) / hull.clamp(min=_LEAST)


def _area(box: Tensor) -> Tensor:
    return (box[:, 2:] - box[:, :2]).clamp(min=0).prod(dim=1)


def _loss(task: BoxTask) -> RowLoss:
    def smooth_l1(output: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(torch.sigmoid(output), target, beta=task.beta, reduction="none").mean(1)

    def bce(output: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(output, target, reduction="none").mean(1)

    def one_minus(which: int) -> RowLoss:
        return lambda output, target: (
            1 - overlap(corners(torch.sigmoid(output), task.format), corners(target, task.format))[which]
        )

    losses = {"smooth_l1": smooth_l1, "bce": bce, "iou": one_minus(0), "giou": one_minus(1)}
    return losses[task.loss]


def _measure(name: str, form: str) -> Callable[[Tensor, Tensor], Tensor]:
    match name:
        case "iou":
            return lambda p, t: overlap(corners(p, form), corners(t, form))[0]
        case "giou":
            return lambda p, t: overlap(corners(p, form), corners(t, form))[1]
        case "iou50":
            return lambda p, t: overlap(corners(p, form), corners(t, form))[0] >= 0.5
        case "mae":
            return lambda p, t: (p - t).abs().mean(1)
    raise ValueError(f"no such metric of a box: {name}")


KIND = TaskKind(read=_read_labels, info=number_info, tensor=number_tensor, build=build_box)

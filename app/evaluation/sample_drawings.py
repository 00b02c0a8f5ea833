"""What is drawn on and below a sample: boxes, maps of classes, target and prediction; without Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mtl_core.spec import BoxTask

if TYPE_CHECKING:
    from mtl_core.analysis.diagnostics.validation_snapshot import SampleMaps, ValidationSnapshot
    from mtl_core.spec import Task

Box = tuple[float, float, float, float]
"""Left, top, right and bottom in parts of the picture."""
Map = NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class SampleDrawing:
    """What a task says of one sample.

    Attributes:
        row: Number of the row in the data, from 1.
        true: The target as text; empty for a map.
        predicted: The prediction as text; empty for a map.
        is_wrong: Whether another class or label is predicted; None where that cannot be said.
        boxes: The true and the predicted box; None for each that is missing.
        maps: The true and the predicted classes of the pixels ``[h, w]`` or tokens ``[L]``, -1 where there is none.
    """

    row: int
    true: str
    predicted: str
    is_wrong: bool | None = None
    boxes: tuple[Box | None, Box | None] | None = None
    maps: tuple[Map, Map] | None = None


def sample_drawings(snapshot: ValidationSnapshot, task: Task) -> tuple[SampleDrawing, ...]:
    """Return what a task says of each sample of a snapshot."""
    maps = snapshot.maps.get(task.name)
    if maps is not None:
        return _map_drawings(snapshot.sample_rows, maps)
    texts, wrong = snapshot.sample_texts(task.name), _wrong(snapshot, task.name)
    boxes = _boxes(snapshot, task)
    return tuple(
        SampleDrawing(row, text.true, text.predicted, is_wrong, pair)
        for row, text, is_wrong, pair in zip(snapshot.sample_rows, texts, wrong, boxes, strict=True)
    )


def _map_drawings(rows: Sequence[int], maps: SampleMaps) -> tuple[SampleDrawing, ...]:
    drawings = []
    for row, true, predicted in zip(rows, maps.targets, maps.predictions, strict=True):
        known = true >= 0
        is_wrong = bool((true != predicted)[known].any()) if known.any() else None
        drawings.append(SampleDrawing(row, "", "", is_wrong, maps=(true, predicted)))
    return tuple(drawings)


def _wrong(snapshot: ValidationSnapshot, task: str) -> list[bool | None]:
    predictions = snapshot.tasks.get(task)
    if predictions is None or predictions.form not in ("classes", "labels"):
        return [None] * len(snapshot.samples)
    places = snapshot.samples
    pairs = zip(predictions.errors[places].tolist(), predictions.labeled[places].tolist(), strict=True)
    return [is_error if is_labeled else None for is_error, is_labeled in pairs]


def _boxes(snapshot: ValidationSnapshot, task: Task) -> list[tuple[Box | None, Box | None] | None]:
    predictions = snapshot.tasks.get(task.name)
    if predictions is None or not isinstance(task, BoxTask):
        return [None] * len(snapshot.samples)
    places = snapshot.samples
    pairs = zip(predictions.targets[places], predictions.predictions[places], strict=True)
    return [(_corners(true, task.format), _corners(predicted, task.format)) for true, predicted in pairs]


def overlap(first: Box, second: Box) -> float:
    """The intersection of two boxes as a part of their union (IoU); 0 of boxes without an area."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    intersection = max(width, 0.0) * max(height, 0.0)
    union = _area(first) + _area(second) - intersection
    return intersection / union if union > 0 else 0.0


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _corners(box: NDArray[np.float64] | NDArray[np.int64], box_format: str) -> Box | None:
    if not np.isfinite(box).all():
        return None
    left, top, third, fourth = box.tolist()
    if box_format == "xyxy":
        return left, top, third, fourth
    if box_format == "cxcywh":
        left, top = left - third / 2, top - fourth / 2
    return left, top, left + third, top + fourth

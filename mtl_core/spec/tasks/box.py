"""Boxes: where something is in an image."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    METRICS,
    SCORE,
    BaseTask,
    Column,
    TargetColumn,
    TargetStatistics,
    format_quantity,
    is_share,
)

BoxMetric = Literal["iou", "giou", "iou50", "mae"]


class BoxTask(BaseTask):
    """Predict where something is: the four numbers of a box in parts of the image's width and height.

    All four lie in 0…1, measured from the top left corner.
    """

    title: ClassVar[str] = "Box"
    fewest: ClassVar[int] = 4
    most: ClassVar[int | None] = 4
    read_by: ClassVar[tuple[str, ...]] = ("format",)
    lower_is_better: ClassVar[tuple[str, ...]] = ("mae",)
    kind: Literal["box"] = "box"
    target: Column | tuple[Column, ...] = field(help="The four columns, in the order of the format.", widget="columns")
    format: Literal["cxcywh", "xywh", "xyxy"] = field(
        "cxcywh", "Center and size; left top corner and size; or left top and right bottom corner."
    )
    loss: Literal["smooth_l1", "bce", "iou", "giou"] = field(
        "smooth_l1", "Smooth absolute error or cross-entropy of the four numbers, or 1 - (generalized) IoU."
    )
    beta: float = field(
        0.1, "Below it the smooth absolute error is squared.", title="Beta (smooth L1)", gt=0, le=10, advanced=True
    )
    metrics: tuple[BoxMetric, ...] = field(("iou", "iou50"), METRICS, min_length=1)
    score: BoxMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Four numbers of 0 to 1."""
        return 70 if len(columns) == cls.most and all(map(is_share, columns)) else None

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The four numbers of a box."""
        return format_quantity(target.width, "number")

"""Segmentation: a class for every pixel."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    GAMMA,
    METRICS,
    SCORE,
    BaseTask,
    ClassWeights,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
)

SegmentationMetric = Literal["iou", "accuracy", "dice"]


class SegmentationTask(BaseTask):
    """Predict a class for every pixel of an image.

    The head must end in channels × height × width; a 1×1 convolution gives the classes' logits, which are enlarged to
    the size of the target.
    """

    title: ClassVar[str] = "Segmentation"
    column_types: ClassVar[tuple[str, ...]] = ()
    per_pixel: ClassVar[bool] = True
    kind: Literal["segmentation"] = "segmentation"
    target: Column = field(help="The target: a map of classes per image.", widget="column")
    loss: Literal["cross_entropy", "focal"] = field("cross_entropy", "Cross-entropy or focal loss per pixel.")
    class_weights: ClassWeights = field(
        "equal", "What the pixels of a class weigh; balanced: so that all classes weigh alike.", advanced=True
    )
    gamma: float = field(2.0, GAMMA, title="Gamma (focal)", ge=0, le=10, advanced=True)
    metrics: tuple[SegmentationMetric, ...] = field(("iou", "accuracy"), METRICS, min_length=1)
    score: SegmentationMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A map of classes."""
        return 10 if len(columns) == 1 and columns[0].pixels else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A map of logits for each class."""
        return (len(target.classes), *target.size)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The classes."""
        return f"{len(target.classes)} classes"

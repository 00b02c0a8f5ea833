"""What can be set. The window imports this module too, so it must not import torch."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.data.plugin_reader import PluginReader
from mtl_core.spec.layers.plugin import PluginLayer
from mtl_core.spec.tasks.base import (
    METRICS,
    SCORE,
    BaseTask,
    Column,
    Direction,
    TargetColumn,
    TargetStatistics,
    is_numeric,
)
from mtl_core.spec.tasks.plugin_metric import PluginMetric
from mtl_core.spec.weighting.base import BaseWeighting


class LossRankWeighting(BaseWeighting):
    """The task with the highest loss weighs most, and each next one by a factor less."""

    title: ClassVar[str] = "Loss rank"
    builder: ClassVar[str] = "mtlw_example.loss_rank"
    kind: Literal["mtlw-example/loss_rank"] = "mtlw-example/loss_rank"
    decay: float = field(0.5, "What a task weighs, as a share of the task before it; 1 is equal weights.", gt=0, le=1)


class Scale(PluginLayer):
    """A learned factor for all values."""

    title: ClassVar[str] = "Scale"
    builder: ClassVar[str] = "mtlw_example.scale"
    kind: Literal["mtlw-example/scale"] = "mtlw-example/scale"
    initial: float = field(1.0, "The factor before the first step.", ge=-10, le=10)


IntervalMetric = Literal["interval_score", "coverage_error", "width"]


class IntervalTask(BaseTask):
    """Predict an interval that contains a number with a stated probability."""

    title: ClassVar[str] = "Interval"
    builder: ClassVar[str] = "mtlw_example.interval"
    lower_is_better: ClassVar[tuple[str, ...]] = ("interval_score", "coverage_error", "width")
    value_labels: ClassVar[Mapping[str, str]] = {"pinball": "Quantile error of both bounds"}
    kind: Literal["mtlw-example/interval"] = "mtlw-example/interval"
    target: Column = field(help="The target column.", widget="column")
    coverage: float = field(0.9, "The probability that the interval contains the number.", gt=0, lt=1)
    loss: Literal["pinball"] = field("pinball", "Quantile error of both bounds (Koenker & Bassett 1978).")
    metrics: tuple[IntervalMetric, ...] = field(("interval_score", "coverage_error"), METRICS, min_length=1)
    score: IntervalMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A column of numbers, after a regression."""
        return 40 if len(columns) == 1 and is_numeric(columns[0]) else None

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The two bounds."""
        return "2 bounds"


class GMean(PluginMetric):
    """The geometric mean of the recalls of all classes (Kubat & Matwin 1997)."""

    title: ClassVar[str] = "G-mean"
    builder: ClassVar[str] = "mtlw_example.g_mean"
    kind: Literal["mtlw-example/g_mean"] = "mtlw-example/g_mean"
    tasks: ClassVar[tuple[str, ...]] = ("binary", "multiclass")
    better: ClassVar[Direction] = "max"
    needs: ClassVar[str] = "it needs rows of at least two classes"


class FixedWidth(PluginReader):
    """Columns that begin at the same character in every line."""

    title: ClassVar[str] = "Fixed-width text"
    builder: ClassVar[str] = "mtlw_example.fixed_width"
    kind: Literal["mtlw-example/fixed_width"] = "mtlw-example/fixed_width"
    suffixes: ClassVar[tuple[str, ...]] = (".fwf", ".prn")
    cells: ClassVar[Literal["text", "typed"]] = "text"

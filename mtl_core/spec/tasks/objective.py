"""Objectives: known functions of two parameters, to be minimized."""

from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import METRICS, SCORE, BaseTask, Column, Outputs, TargetStatistics, format_quantity


class ObjectiveTask(BaseTask):
    """Minimize a known function of two features: a test of the weighting itself, not of a prediction.

    There is no output layer: the task's two features plus the two target columns, the starting point, are the
    function's arguments. The functions are those of the toy of Liu et al. (CAGrad, 2021).
    """

    title: ClassVar[str] = "Objective"
    signed: ClassVar[tuple[str, ...]] = ("valley_left", "valley_right")
    fewest: ClassVar[int] = 2
    most: ClassVar[int | None] = 2
    predicts: ClassVar[bool] = False
    lower_is_better: ClassVar[tuple[str, ...]] = ("value",)
    kind: Literal["objective"] = "objective"
    target: Column | tuple[Column, ...] = field(help="The two columns of the starting point.", widget="columns")
    loss: Literal["valley_left", "valley_right"] = field("valley_left", "The first or second of the paper's functions.")
    metrics: tuple[Literal["value"], ...] = field(("value",), METRICS, min_length=1)
    score: Literal["value"] | None = field(None, SCORE, advanced=True)

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """As many features as there are parameters: there is no output layer."""
        return (target.width,)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The features that arrive."""
        return format_quantity(target.width, "feature")

"""Tagging: a class for every token of a text."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from mtl_core.spec.base import field
from mtl_core.spec.tasks.base import (
    METRICS,
    SCORE,
    BaseTask,
    ClassWeights,
    Column,
    Outputs,
    TargetColumn,
    TargetStatistics,
)

TaggingMetric = Literal["accuracy", "f1"]


class TaggingTask(BaseTask):
    """Predict a tag for every token of a text, such as its part of speech.

    The head must end in channels × length with a position per token; a 1×1 convolution gives the tags' logits.
    """

    title: ClassVar[str] = "Tagging"
    column_types: ClassVar[tuple[str, ...]] = ("text",)
    per_token: ClassVar[bool] = True
    kind: Literal["tagging"] = "tagging"
    target: Column = field(help="The target column: as many tags, separated by spaces, as tokens.", widget="column")
    loss: Literal["cross_entropy"] = field("cross_entropy", "Cross-entropy per token.")
    class_weights: ClassWeights = field(
        "equal", "What the tokens of a tag weigh; balanced: so that all tags weigh alike.", advanced=True
    )
    metrics: tuple[TaggingMetric, ...] = field(("accuracy", "f1"), METRICS, min_length=1)
    score: TaggingMetric | None = field(None, SCORE, advanced=True)

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """A column of texts."""
        return 10 if len(columns) == 1 and columns[0].type == "text" else None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """A logit for each tag at every position."""
        return (len(target.classes), *target.size)

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The tags."""
        return f"{len(target.classes)} tags"

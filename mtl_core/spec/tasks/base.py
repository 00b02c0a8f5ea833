"""The base of all kinds of task."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, get_args

from pydantic import AfterValidator, Field, StringConstraints

from mtl_core.spec.base import Spec, field


def column_name(text: str) -> str:
    """Normalizes the name of a column: in Unicode's composed form (NFC), trimmed, on one line."""
    return " ".join(unicodedata.normalize("NFC", text).split()) or text


TaskName = Annotated[str, StringConstraints(pattern=r"^[^.\[\]/:=,\s\"']([^.\[\]/:=,\"']*[^.\[\]/:=,\s\"'])?$")]
"""A task's name: any letters, no ``. [ ] / : = ,`` or quotes, since it stands in paths such as ``left.accuracy``."""

Column = Annotated[str, StringConstraints(min_length=1), AfterValidator(column_name)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
ClassWeights = Literal["equal", "balanced"] | dict[str, Weight]
Direction = Literal["min", "max"]
Outputs = int | tuple[int, ...]
"""The output of a task's output layer. An int: a row of that many numbers, from a linear layer. (C, H, W): a map of C
channels of any size, from a 1×1 convolution. (C, L): C channels of L positions, from a 1×1 convolution. (C,): there is
no output layer; the head must give C features."""

MAX_CLASSES = 1000
FEW_CLASSES = 10
"""Maximum number of different whole numbers in a target column that is taken for classes."""

METRICS = "What is reported on the validation and the test split."
SCORE = "The metric that compares models on this task; empty: the first of its metrics."
GAMMA = "How much less a row weighs that is predicted well already; 0 is cross-entropy."


class TargetColumn(Protocol):
    """Properties of a possible target column, on which suggestions depend (:class:`ColumnInfo` has them)."""

    @property
    def type(self) -> str:
        """``numeric``, ``categorical`` or ``text``."""

    @property
    def unique(self) -> int:
        """The number of different values."""

    @property
    def low(self) -> float | None:
        """The least number."""

    @property
    def high(self) -> float | None:
        """The greatest number."""

    @property
    def whole(self) -> bool:
        """Whether all its numbers are whole."""

    @property
    def pixels(self) -> bool:
        """Whether it is a map of classes."""

    @property
    def categories(self) -> Sequence[tuple[str, int]]:
        """The most frequent values with their numbers of rows; empty for numbers with fractions or many values."""


class TargetStatistics(Protocol):
    """Statistics of a target, on which the output layer depends (:class:`TargetInfo` has them)."""

    @property
    def width(self) -> int:
        """Number of values per row of a numeric target, else 1."""

    @property
    def per_value(self) -> int:
        """Number of outputs for each value."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes or labels."""

    @property
    def size(self) -> tuple[int, ...]:
        """Height and width of a map of classes, or the length of a sequence."""

    @property
    def edges(self) -> tuple[float, ...]:
        """The upper ends of the intervals of a target that is predicted by interval."""


class BaseTask(Spec):
    """Base class of the kinds of task; each has ``kind``, ``target``, ``loss``, ``metrics`` and ``score``.

    Everything about a kind that needs no torch is in its class; the rest is in the module of the same name in
    :mod:`mtl_core.tasks.kinds`, or in the ``builder`` of a kind of another package.

    Attributes:
        builder: The module whose ``KIND`` is the torch part (:class:`mtl_core.tasks.TaskKind`); empty for our own.
        fewest: Minimum number of target columns.
        most: Maximum number of target columns; None for any number.
        column_types: The types of column that can be its target; empty for a map of classes.
        label_settings: The settings on which the tensor of its target depends.
        read_by: The settings, beside kind and target, on which the meaning of its head's output depends.
        signed: Its losses that can be negative.
        lower_is_better: Its metrics that are better when lower; the others are better when higher.
        metric_needs: The condition under which a metric of this kind alone is defined, by metric.
        value_labels: Labels of losses and metrics whose names do not serve as one.
        row_classes: Whether every row has one class, by which sampling can be balanced.
        value_by_value: Whether several values are predicted independently; else a row needs a label for all of them.
        per_token: Whether it predicts a value for each token of a text.
        per_pixel: Whether it predicts a value for each pixel of an image.
        mixes: Whether a row mixed of two has the mixture of their losses, so that mix-up suits it.
        predicts: Whether it predicts its target, rather than minimizing a function of it.
        log_link: Whether its outputs are logarithms of the predicted values.
        uncertainty_factor: Factor of its loss in uncertainty weighting: 1/2 if the loss is the exponent of a Gaussian
            likelihood, else 1 (Kendall et al. 2018).
    """

    builder: ClassVar[str] = ""
    fewest: ClassVar[int] = 1
    most: ClassVar[int | None] = 1
    column_types: ClassVar[tuple[str, ...]] = ("numeric",)
    label_settings: ClassVar[tuple[str, ...]] = ()
    read_by: ClassVar[tuple[str, ...]] = ()
    signed: ClassVar[tuple[str, ...]] = ()
    lower_is_better: ClassVar[tuple[str, ...]] = ()
    metric_needs: ClassVar[Mapping[str, str]] = {}
    value_labels: ClassVar[Mapping[str, str]] = {}
    row_classes: ClassVar[bool] = False
    value_by_value: ClassVar[bool] = False
    per_token: ClassVar[bool] = False
    per_pixel: ClassVar[bool] = False
    mixes: ClassVar[bool] = False
    predicts: ClassVar[bool] = True
    log_link: ClassVar[bool] = False
    uncertainty_factor: ClassVar[float] = 1.0

    if TYPE_CHECKING:
        kind: Any
        target: Any
        loss: Any
        metrics: Any
        score: Any

    name: TaskName = field(help="The task's name, in tables, plots and paths.")

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns."""
        return (self.target,) if isinstance(self.target, str) else tuple(self.target)

    @property
    def score_metric(self) -> str:
        """The metric by which models are compared on the task."""
        return str(self.score or self.metrics[0])

    @classmethod
    def short_title(cls) -> str:
        """Its title in a list of kinds of task."""
        return cls.title.removesuffix(" classification")

    @classmethod
    def phrase(cls) -> str:
        """The noun phrase for a task of this kind, for messages."""
        kind = cls.model_fields["kind"].default
        return f"a task of kind {kind}" if cls.builder else f"a {kind} task"

    @classmethod
    def metric_names(cls) -> tuple[str, ...]:
        """The metrics that a task of this kind can report."""
        return get_args(get_args(cls.model_fields["metrics"].annotation)[0])

    @classmethod
    def metric_direction(cls, metric: str) -> Direction:
        """Whether a lower or a higher value of a metric, or of the ``loss``, is better."""
        return "min" if metric == "loss" or metric in cls.lower_is_better else "max"

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Rank of this kind as a suggestion for target columns, lowest first; None if they do not allow it."""
        return None

    @classmethod
    def outputs(cls, target: TargetStatistics) -> Outputs:
        """The output of the output layer."""
        return target.width * target.per_value

    @classmethod
    def output_words(cls, target: TargetStatistics) -> str:
        """The output of the output layer, in a few words."""
        return format_quantity(target.width, "value")


def format_quantity(number: int, noun: str) -> str:
    """Formats a number with its noun: ``2 values``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def is_numeric(column: TargetColumn) -> bool:
    """Whether a column has a number in each row."""
    return column.type == "numeric" and not column.pixels


def is_share(column: TargetColumn) -> bool:
    """Whether a column has numbers from 0 to 1."""
    return is_numeric(column) and (column.low or 0) >= 0 and (column.high or 0) <= 1


def is_single_valued(column: TargetColumn) -> bool:
    """Whether a column has one number or category in each row."""
    return column.type != "text" and not column.pixels


def has_number_classes(column: TargetColumn) -> bool:
    """Whether the numbers of a column are few enough to be classes."""
    return bool(column.categories) and 2 <= column.unique <= MAX_CLASSES

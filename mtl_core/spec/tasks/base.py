"""What all kinds of task have in common."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Protocol, get_args

from pydantic import AfterValidator, Field, StringConstraints

from mtl_core.spec.base import Spec, field


def column_name(text: str) -> str:
    """The name of a column as data sets give it: in composed form (NFC), trimmed, on one line."""
    return " ".join(unicodedata.normalize("NFC", text).split()) or text


TaskName = Annotated[str, StringConstraints(pattern=r"^[^.\[\]/:=,\s\"']([^.\[\]/:=,\"']*[^.\[\]/:=,\s\"'])?$")]
"""A task's name: any letters, no ``. [ ] / : = ,`` or quotes, since it stands in paths such as ``left.accuracy``."""

Column = Annotated[str, StringConstraints(min_length=1), AfterValidator(column_name)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
ClassWeights = Literal["equal", "balanced"] | dict[str, Weight]
Direction = Literal["min", "max"]
Outputs = int | tuple[int, ...]
"""What a task's output layer gives: a row of that many numbers from a linear layer; of a shape (C, H, W) a map of C
channels from a 1×1 convolution, of any size; of a shape (C, L) the same along a sequence of L positions; of a shape
(C,) there is no output layer, C features must arrive."""

MAX_CLASSES = 1000
FEW_CLASSES = 10
"""Whole numbers of at most so many values are taken for classes when they are a target."""

METRICS = "What is reported on the validation and the test split."
SCORE = "The metric that compares models on this task; empty: the first of its metrics."
GAMMA = "How much less a row weighs that is predicted well already; 0 is cross-entropy."


class TargetColumn(Protocol):
    """What a kind of task asks of a column that it might predict; see :class:`mtl_core.spec.ColumnInfo`."""

    @property
    def type(self) -> str:
        """``numeric``, ``categorical`` or ``text``."""

    @property
    def unique(self) -> int:
        """How many different values it holds."""

    @property
    def low(self) -> float | None:
        """The least number."""

    @property
    def high(self) -> float | None:
        """The greatest number."""

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""

    @property
    def pixels(self) -> bool:
        """Whether it is a map of classes."""

    @property
    def categories(self) -> Sequence[tuple[str, int]]:
        """The most frequent values and their rows; none of numbers with fractions or many values."""


class TargetFacts(Protocol):
    """What a kind of task asks of its target in the training rows; see :class:`mtl_core.spec.TargetInfo`."""

    @property
    def width(self) -> int:
        """Values per row where the target is numbers, else 1."""

    @property
    def per_value(self) -> int:
        """Outputs for each value."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes or labels."""

    @property
    def size(self) -> tuple[int, ...]:
        """Height and width of a map of classes, or the positions of a sequence."""

    @property
    def edges(self) -> tuple[float, ...]:
        """The upper ends of the intervals in which a number is predicted."""


class BaseTask(Spec):
    """A task of any kind: each has ``kind``, ``target``, ``metrics`` and ``score`` of its own.

    All that the program knows of a kind without torch stands in its class; what needs torch in the module of the same
    name in :mod:`mtl_core.tasks.kinds`.

    Attributes:
        fewest: How many target columns it needs at least.
        most: How many it takes at most; None for any number.
        column_types: The types of column it can be predicted from; none of a map of classes.
        label_settings: The settings that decide which tensor its target becomes.
        read_by: The settings that decide what its head's output says, beside kind and target.
        signed: Its losses that can fall below 0; all others are 0 or more.
        lower_is_better: Its metrics of which less is better; of the others more is.
        metric_needs: What rows need for those of its metrics to be defined that no other kind has.
        value_labels: What its losses and metrics are called where their names would not do.
        row_classes: Whether every row has one class, by which rows can be drawn.
        value_by_value: Whether each of several values is predicted for itself; else they belong together, and a row
            needs all of them.
        per_token: Whether it is predicted for each token of a text.
        predicts: Whether its target is the truth to be predicted.
        log_link: Whether its outputs are logarithms of the values.
        uncertainty_factor: What uncertainty weighting multiplies its loss by: 1/2 where it is the exponent of a
            Gaussian likelihood, else 1 (Kendall et al. 2018).
    """

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
        """The metric the task is judged by; its direction is :func:`mtl_core.spec.metrics.direction`."""
        return str(self.score or self.metrics[0])

    @classmethod
    def short_title(cls) -> str:
        """Its title where it stands among other kinds of task."""
        return cls.title.removesuffix(" classification")

    @classmethod
    def phrase(cls) -> str:
        """A task of this kind within a sentence."""
        return f"a {cls.model_fields['kind'].default} task"

    @classmethod
    def metric_names(cls) -> tuple[str, ...]:
        """The metrics that its ``metrics`` can name."""
        return get_args(get_args(cls.model_fields["metrics"].annotation)[0])

    @classmethod
    def metric_direction(cls, metric: str) -> Direction:
        """Whether less or more of a metric, or of the ``loss``, is better."""
        return "min" if metric == "loss" or metric in cls.lower_is_better else "max"

    @classmethod
    def suggestion(cls, columns: Sequence[TargetColumn]) -> int | None:
        """Its place among the kinds that these columns allow, low ones first; None where they do not allow it."""
        return None

    @classmethod
    def outputs(cls, target: TargetFacts) -> Outputs:
        """What the output layer must give."""
        return target.width * target.per_value

    @classmethod
    def output_words(cls, target: TargetFacts) -> str:
        """What the output layer gives, in a few words."""
        return format_quantity(target.width, "value")


def format_quantity(number: int, noun: str) -> str:
    """A number of things, such as ``2 values``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def is_numeric(column: TargetColumn) -> bool:
    """Whether a column holds a number a row."""
    return column.type == "numeric" and not column.pixels


def is_share(column: TargetColumn) -> bool:
    """Whether a column holds numbers of 0 to 1."""
    return is_numeric(column) and (column.low or 0) >= 0 and (column.high or 0) <= 1


def is_single_valued(column: TargetColumn) -> bool:
    """Whether a column holds one number or category a row."""
    return column.type != "text" and not column.pixels


def has_number_classes(column: TargetColumn) -> bool:
    """Whether the numbers of a column are few enough to be classes."""
    return bool(column.categories) and 2 <= column.unique <= MAX_CLASSES

"""What all kinds of task have in common."""

import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from mtl_core.spec.base import Spec, field


def column_name(text: str) -> str:
    """The name of a column as data sets give it: in composed form (NFC), trimmed, on one line."""
    return " ".join(unicodedata.normalize("NFC", text).split()) or text


TaskName = Annotated[str, StringConstraints(pattern=r"^[^.\[\]/:=,\s\"']([^.\[\]/:=,\"']*[^.\[\]/:=,\s\"'])?$")]
"""A task's name: any letters, no ``. [ ] / : = ,`` or quotes, since it stands in paths such as ``left.accuracy``."""

Column = Annotated[str, StringConstraints(min_length=1), AfterValidator(column_name)]
Weight = Annotated[float, Field(ge=0, le=1e6)]

METRICS = "What is reported on the validation and the test split."
SCORE = "The metric that compares models on this task; empty: the first of its metrics."
GAMMA = "How much less a row weighs that is predicted well already; 0 is cross-entropy."


class BaseTask(Spec):
    """A task of any kind: each has ``kind``, ``target``, ``metrics`` and ``score`` of its own.

    Attributes:
        fewest: How many target columns it needs at least.
        most: How many it takes at most; None for any number.
        read_by: The settings that decide what its head's output says, beside kind and target.
        signed: Its losses that can fall below 0; all others are 0 or more.
    """

    fewest: ClassVar[int] = 1
    most: ClassVar[int | None] = None
    read_by: ClassVar[tuple[str, ...]] = ()
    signed: ClassVar[tuple[str, ...]] = ()

    if TYPE_CHECKING:
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

"""The tasks: what is predicted, from which target, and how it is judged."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from mtl_core.spec.base import Spec, field

TaskName = Annotated[str, StringConstraints(pattern=r"^[^.\[\]/:=,\s\"']([^.\[\]/:=,\"']*[^.\[\]/:=,\s\"'])?$")]
"""A task's name: any letters, no ``. [ ] / : = ,`` or quotes, since it stands in paths such as ``left.accuracy``."""

Column = Annotated[str, StringConstraints(min_length=1)]
_NAME = "The task's name, in tables, plots and paths."
_METRICS = "What is reported on the validation and the test split."


class RegressionTask(Spec):
    """Predict one or several numbers."""

    title: ClassVar[str] = "Regression"
    name: TaskName = field(help=_NAME)
    kind: Literal["regression"] = "regression"
    target: Column | tuple[Column, ...] = field(help="The target column, or several.", widget="columns")
    loss: Literal["mse", "mae", "huber"] = field("mse", "Squared, absolute or Huber error.")
    standardize: bool = field(True, "Train on targets of mean 0 and deviation 1; metrics stay in their unit.")
    metrics: tuple[Literal["rmse", "mae", "r2"], ...] = field(("rmse", "mae", "r2"), _METRICS, min_length=1)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target columns."""
        return (self.target,) if isinstance(self.target, str) else self.target


class BinaryTask(Spec):
    """Predict one of two classes."""

    title: ClassVar[str] = "Binary classification"
    name: TaskName = field(help=_NAME)
    kind: Literal["binary"] = "binary"
    target: Column = field(help="The target column; it must hold two values.", widget="column")
    positive: str | None = field(None, "The value that counts as positive; empty: the later in order.")
    loss: Literal["bce"] = field("bce", "Binary cross-entropy.")
    metrics: tuple[Literal["accuracy", "f1", "precision", "recall", "auroc"], ...] = field(
        ("accuracy", "f1", "auroc"), _METRICS, min_length=1
    )

    @property
    def targets(self) -> tuple[str, ...]:
        """The target column."""
        return (self.target,)


class MulticlassTask(Spec):
    """Predict one of several classes."""

    title: ClassVar[str] = "Multiclass classification"
    name: TaskName = field(help=_NAME)
    kind: Literal["multiclass"] = "multiclass"
    target: Column = field(help="The target column.", widget="column")
    loss: Literal["cross_entropy"] = field("cross_entropy", "Cross-entropy.")
    label_smoothing: float = field(0.0, "Share of the label spread over all classes.", ge=0, lt=1)
    metrics: tuple[Literal["accuracy", "f1", "precision", "recall"], ...] = field(
        ("accuracy", "f1"), _METRICS, min_length=1
    )

    @property
    def targets(self) -> tuple[str, ...]:
        """The target column."""
        return (self.target,)


Task = Annotated[RegressionTask | BinaryTask | MulticlassTask, Field(discriminator="kind")]

TOTAL = "total"
"""The name of the combined loss among the tasks' series; no task may have it."""

"""Sampling: which rows an epoch has, and in which order."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Proportion = Annotated[float, Field(ge=0, le=1e6)]


class Shuffled(Spec):
    """Every row once per epoch, in random order."""

    title: ClassVar[str] = "Shuffled"
    kind: Literal["shuffled"] = "shuffled"


class BalancedClasses(Spec):
    """The classes of a task come equally often in every batch: rows of rare ones are drawn again.

    An epoch is as long as before, so that not every row of a frequent class is in it. Rows without a label of that
    task come as often as they do in the data.
    """

    title: ClassVar[str] = "Balanced by class"
    kind: Literal["balanced_classes"] = "balanced_classes"
    task: str = field("", "The task whose classes; empty: the first that has classes.")


class BalancedTasks(Spec):
    """Tasks with rows of their own come equally often in every batch: rows of small ones are drawn again.

    Tasks with labels on the same rows count as one; a row without any label is not drawn. When all tasks have labels
    on all rows it is the same as shuffled.
    """

    title: ClassVar[str] = "Balanced by task"
    kind: Literal["balanced_tasks"] = "balanced_tasks"


class TaskTemperature(Spec):
    """Tasks with rows of their own come as often as their number of rows to the power of 1 / temperature.

    A task with n labeled rows gets a share of the draws in proportion to min(n, limit)^(1/T): 1 draws in proportion to
    the rows, a high temperature nearly as balanced by task (Aharoni, Johnson and Firat, Massively Multilingual Neural
    Machine Translation, 2019; with the limit, Raffel et al., Exploring the Limits of Transfer Learning with a Unified
    Text-to-Text Transformer, 2020). An epoch has as many rows as the training split. Tasks with labels on the same rows
    count as one.
    """

    title: ClassVar[str] = "Tasks by temperature"
    kind: Literal["task_temperature"] = "task_temperature"
    temperature: float = field(2.0, "1: in proportion to the rows; the higher, the more equal the tasks.", ge=1, le=1e6)
    limit: int | None = field(
        None,
        "Rows beyond which a task is drawn no more often; empty: no limit.",
        title="Row limit",
        ge=1,
        le=1_000_000_000,
        unit="rows",
    )


class TaskProportions(Spec):
    """Tasks with rows of their own come in proportions that you set.

    An epoch has as many rows as the training split, each drawn among the labeled rows of a task. Tasks with labels on
    the same rows share the sum of their proportions.
    """

    title: ClassVar[str] = "Tasks by proportion"
    kind: Literal["task_proportions"] = "task_proportions"
    proportions: dict[str, Proportion] = field(
        help="How often rows of each task are drawn, relative to the others; 1 for a task left out, 0 for never.",
        widget="slider",
        default_factory=dict,
    )


Sampling = Annotated[
    Shuffled | BalancedClasses | BalancedTasks | TaskTemperature | TaskProportions, Field(discriminator="kind")
]

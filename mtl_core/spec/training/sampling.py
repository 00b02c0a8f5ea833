"""Sampling: which rows an epoch has, and in which order."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field


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


Sampling = Annotated[Shuffled | BalancedClasses | BalancedTasks, Field(discriminator="kind")]

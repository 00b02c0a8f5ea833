"""Continual learning: ways to keep the tasks of the run whose weights a run begins with."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field


class NewHeads(Spec):
    """Only shared layers are taken; every task begins with a new head.

    What the old tasks lose is not measured.
    """

    title: ClassVar[str] = "Not kept"
    kind: Literal["new_heads"] = "new_heads"


class FineTune(Spec):
    """Tasks of the same name begin with their old heads too, and all layers learn: the old tasks may be forgotten.

    As under every choice but new heads, each old task's score on the test rows before and after is reported at the
    end. Name the old tasks in ``dataset.split.tasks``, or rows that the old run was trained on may be among them.
    """

    title: ClassVar[str] = "Fine-tuned"
    kind: Literal["fine_tune"] = "fine_tune"


class Freeze(Spec):
    """Shared layers and heads that were taken stay as they are, batch statistics included: the old tasks lose nothing.

    Only the new tasks' own layers learn.
    """

    title: ClassVar[str] = "Frozen"
    kind: Literal["freeze"] = "freeze"


class Distil(Spec):
    """The old model's outputs for each batch are the targets of the old tasks' outputs.

    Learning without forgetting (Li & Hoiem 2016): for classes the divergence from the old probabilities, softened by
    a temperature and times its square (Hinton et al. 2015); for numbers the squared error. It needs no labels of the
    old tasks, and costs one forward pass a step.
    """

    title: ClassVar[str] = "Distilled"
    kind: Literal["distil"] = "distil"
    strength: float = field(1.0, "What the distance to the old outputs is multiplied by.", ge=0, le=1e6, scale="log")
    temperature: float = field(2.0, "Above 1, improbable classes count for more.", gt=0, le=100, scale="log")


class Ewc(Spec):
    """A penalty ties each shared weight to its old value, in proportion to its importance for the old tasks.

    Elastic weight consolidation (Kirkpatrick et al. 2017): adds strength/2 times the sum of F·(w - old w)², F being
    the old tasks' mean squared gradients, row by row, at the beginning (the diagonal of the empirical Fisher).
    """

    title: ClassVar[str] = "Elastic"
    kind: Literal["ewc"] = "ewc"
    strength: float = field(100.0, "What the penalty is multiplied by.", ge=0, le=1e9, scale="log")
    rows: int = field(
        1000, "Training rows, drawn at random, that the importance of weights is found on.", ge=1, le=1_000_000
    )


ContinualLearning = Annotated[NewHeads | FineTune | Freeze | Distil | Ewc, Field(discriminator="kind")]

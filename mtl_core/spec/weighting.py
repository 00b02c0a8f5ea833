"""How the tasks' losses become one update of the shared parameters."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Weight = Annotated[float, Field(ge=0, le=1e6)]


class WeightMove(Spec):
    """Loss weights set by hand while a run trains; replayed when its spec is run again."""

    title: ClassVar[str] = "Weight move"
    step: int = field(help="The step from which on they hold (0 is the first).", ge=0)
    weights: dict[str, Weight] | None = field(help="A weight for every task; nothing: back to the weighting method.")


class _Weighting(Spec):
    cost: ClassVar[str] = "One backward pass: no extra cost."
    moves: tuple[WeightMove, ...] = field((), "Weights moved by hand during the run.", widget="hidden")


class _GradientWeighting(_Weighting):
    level: Literal["parameters", "last_layer", "representation"] = field(
        "parameters",
        "Whose gradients are compared: of all shared parameters, as published, one backward pass of the shared layers "
        "a task; of the last shared layer; or of what the shared layers give for the batch; one pass in all for these "
        "two. They are not the same objective.",
        title="Gradients of",
    )


class EqualWeighting(_Weighting):
    """The plain sum of the losses."""

    title: ClassVar[str] = "Equal"
    kind: Literal["equal"] = "equal"


class ManualWeighting(_Weighting):
    """A weight per task, set by you; it may be moved during the run."""

    title: ClassVar[str] = "Manual"
    kind: Literal["manual"] = "manual"
    weights: dict[str, Weight] = field(
        help="Each task's weight; 1 for a task left out.", widget="slider", default_factory=dict
    )


class UncertaintyWeighting(_Weighting):
    """Each loss is divided by a learned variance, its uncertainty (Kendall et al. 2018)."""

    title: ClassVar[str] = "Uncertainty (Kendall et al. 2018)"
    kind: Literal["uncertainty"] = "uncertainty"
    initial: float = field(0.0, "Initial log-variance of every task.", title="Initial log-variance", ge=-20, le=20)


class DwaWeighting(_Weighting):
    """Tasks whose loss falls slowly weigh more: dynamic weight average (Liu et al. 2019)."""

    title: ClassVar[str] = "Dynamic weight average (Liu et al. 2019)"
    kind: Literal["dwa"] = "dwa"
    temperature: float = field(2.0, "Higher is closer to equal weights.", gt=0, le=1000, scale="log")


class GradNormWeighting(_Weighting):
    """Weights are learned so that all tasks train at similar rates (Chen et al. 2018)."""

    title: ClassVar[str] = "GradNorm (Chen et al. 2018)"
    cost: ClassVar[str] = "One more gradient of the last shared layer per task."
    kind: Literal["gradnorm"] = "gradnorm"
    alpha: float = field(
        1.5, "How strongly slow tasks are pulled up; 0 equalises gradient norms.", title="Pull (alpha)", ge=0, le=10
    )
    lr: float = field(
        0.025, "Learning rate of the weights.", title="Learning rate of the weights", gt=0, le=10, scale="log"
    )


class PcGradWeighting(_GradientWeighting):
    """Conflicting gradients are projected onto each other's normal plane (Yu et al. 2020)."""

    title: ClassVar[str] = "PCGrad (Yu et al. 2020)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task."
    kind: Literal["pcgrad"] = "pcgrad"


class MgdaWeighting(_GradientWeighting):
    """The shortest convex combination of the gradients: a step that worsens no task (Sener & Koltun 2018)."""

    title: ClassVar[str] = "MGDA (Sener & Koltun 2018)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a small quadratic program."
    kind: Literal["mgda"] = "mgda"
    normalization: Literal["none", "l2", "loss", "loss+"] = field(
        "l2", "What each gradient is divided by first: nothing, its norm, its loss, or both."
    )


Weighting = Annotated[
    EqualWeighting
    | ManualWeighting
    | UncertaintyWeighting
    | DwaWeighting
    | GradNormWeighting
    | PcGradWeighting
    | MgdaWeighting,
    Field(discriminator="kind"),
]

"""How the tasks' losses become one update of the shared parameters."""

from typing import Annotated, Any, ClassVar, Literal

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
    positive: ClassVar[bool] = False
    """Whether the method is one of losses above 0, of which it takes logarithms, roots or ratios."""
    moves: tuple[WeightMove, ...] = field((), "Weights moved by hand during the run.", widget="hidden")
    normalize: Literal["none", "log", "scale"] = field(
        "none",
        "Losses as they are, their logarithms, or each divided by the running mean of its size.",
        title="Normalise losses",
        advanced=True,
    )


class _GradientWeighting(_Weighting):
    """What the methods that combine the tasks' gradients have in common."""

    cost: ClassVar[str] = "One backward pass through the shared layers per task."


class _LeveledWeighting(_GradientWeighting):
    """Those whose direction is a weighted sum of the gradients."""

    level: Literal["parameters", "last_layer", "representation"] = field(
        "parameters",
        "Whose gradients are compared: of all shared parameters, as published, one backward pass of the shared layers "
        "a task; of the last shared layer; or of what the shared layers give for the batch; one pass in all for these "
        "two. They are not the same objective.",
        title="Gradients of",
    )


def _preference() -> Any:
    return field(
        help="How much each task matters; 1 for a task left out.", widget="slider", default_factory=dict, advanced=True
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
    positive: ClassVar[bool] = True
    kind: Literal["dwa"] = "dwa"
    temperature: float = field(2.0, "Higher is closer to equal weights.", gt=0, le=1000, scale="log")


class RandomWeighting(_Weighting):
    """Weights drawn anew in every step, adding up to 1: a baseline that is hard to beat (Lin et al. 2022)."""

    title: ClassVar[str] = "Random (Lin et al. 2022)"
    kind: Literal["random"] = "random"


class GeometricMeanWeighting(_Weighting):
    """The geometric mean of the losses: what counts is their relative change (Chennupati et al. 2019)."""

    title: ClassVar[str] = "Geometric mean (Chennupati et al. 2019)"
    positive: ClassVar[bool] = True
    kind: Literal["geometric_mean"] = "geometric_mean"


class ImtlLWeighting(_Weighting):
    """Each loss is multiplied by a learned factor that brings all of them to the same size (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL-L (Liu et al. 2021)"
    positive: ClassVar[bool] = True
    kind: Literal["imtl_l"] = "imtl_l"
    initial: float = field(0.0, "Initial logarithm of every factor.", title="Initial log-factor", ge=-20, le=20)


class FamoWeighting(_Weighting):
    """Weights are learned from how much each loss fell in the last step, so that all fall alike (Liu et al. 2023)."""

    title: ClassVar[str] = "FAMO (Liu et al. 2023)"
    positive: ClassVar[bool] = True
    cost: ClassVar[str] = "One backward pass, and a second forward pass on the same batch."
    kind: Literal["famo"] = "famo"
    lr: float = field(
        0.025, "Learning rate of the weights.", title="Learning rate of the weights", gt=0, le=10, scale="log"
    )
    gamma: float = field(
        1e-3, "Weight decay of the weights; more forgets old steps faster.", title="Decay (gamma)", ge=0, le=10
    )
    lowest: dict[str, Annotated[float, Field(ge=-1e6, le=1e6)]] = field(
        help="The lowest value each loss can reach; 0 for a task left out.",
        title="Lowest losses",
        default_factory=dict,
        widget="hidden",
    )


class StchWeighting(_Weighting):
    """The worst task counts most, by a smooth maximum of the relative losses: smooth Tchebycheff (Lin et al. 2024)."""

    title: ClassVar[str] = "Smooth Tchebycheff (Lin et al. 2024)"
    positive: ClassVar[bool] = True
    kind: Literal["stch"] = "stch"
    mu: float = field(
        1.0, "Smaller is closer to the worst task alone.", title="Smoothness (mu)", gt=0, le=1e3, scale="log"
    )
    warmup_epochs: int = field(
        4, "Epochs of summed log-losses before; the next one measures the losses to compare with.", unit="epochs", ge=0
    )
    preference: dict[str, Weight] = _preference()


class GradNormWeighting(_Weighting):
    """Weights are learned so that all tasks train at similar rates (Chen et al. 2018)."""

    title: ClassVar[str] = "GradNorm (Chen et al. 2018)"
    positive: ClassVar[bool] = True
    cost: ClassVar[str] = "One more gradient of the last shared layer per task."
    kind: Literal["gradnorm"] = "gradnorm"
    alpha: float = field(
        1.5, "How strongly slow tasks are pulled up; 0 equalises gradient norms.", title="Pull (alpha)", ge=0, le=10
    )
    lr: float = field(
        0.025, "Learning rate of the weights.", title="Learning rate of the weights", gt=0, le=10, scale="log"
    )


class PcGradWeighting(_LeveledWeighting):
    """Conflicting gradients are projected onto each other's normal plane (Yu et al. 2020)."""

    title: ClassVar[str] = "PCGrad (Yu et al. 2020)"
    kind: Literal["pcgrad"] = "pcgrad"


class MgdaWeighting(_LeveledWeighting):
    """The shortest convex combination of the gradients: a step that worsens no task (Sener & Koltun 2018)."""

    title: ClassVar[str] = "MGDA (Sener & Koltun 2018)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a small quadratic program."
    kind: Literal["mgda"] = "mgda"
    normalization: Literal["none", "l2", "loss", "loss+"] = field(
        "l2", "What each gradient is divided by first: nothing, its norm, its loss, or both."
    )


class GradVacWeighting(_LeveledWeighting):
    """Gradients are bent towards each other until they agree as much as they usually do (Wang et al. 2021)."""

    title: ClassVar[str] = "GradVac (Wang et al. 2021)"
    kind: Literal["gradvac"] = "gradvac"
    beta: float = field(0.5, "How fast the usual agreement follows the present one.", title="Update (beta)", ge=0, le=1)


class GradDropWeighting(_GradientWeighting):
    """For every parameter a sign is drawn, and gradients of the other sign are dropped (Chen et al. 2020)."""

    title: ClassVar[str] = "GradDrop (Chen et al. 2020)"
    kind: Literal["graddrop"] = "graddrop"
    level: Literal["parameters", "representation"] = field(
        "parameters",
        "Whose gradients are dropped: of all shared parameters, or, as published and much cheaper, of what the shared "
        "layers give for the batch.",
        title="Gradients of",
    )
    leak: dict[str, Annotated[float, Field(ge=0, le=1)]] = field(
        help="Share of each task's gradient that is never dropped; 0 for a task left out.",
        default_factory=dict,
        widget="hidden",
    )


class CaGradWeighting(_LeveledWeighting):
    """The step near the mean gradient that helps the worst-off task most: conflict-averse (Liu et al. 2021)."""

    title: ClassVar[str] = "CAGrad (Liu et al. 2021)"
    kind: Literal["cagrad"] = "cagrad"
    c: float = field(
        0.5,
        "How far the step may leave the mean gradient; 0 is the mean, large is MGDA.",
        title="Radius (c)",
        ge=0,
        le=1e3,
    )
    rescale: Literal["none", "square", "linear"] = field(
        "none", "What the step is divided by: nothing, 1 + c², or 1 + c.", advanced=True
    )


class ImtlGWeighting(_LeveledWeighting):
    """The step whose projections onto all tasks' gradients are equal (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL-G (Liu et al. 2021)"
    kind: Literal["imtl_g"] = "imtl_g"


class ImtlWeighting(_LeveledWeighting):
    """IMTL-L scales the losses and IMTL-G combines their gradients (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL (Liu et al. 2021)"
    positive: ClassVar[bool] = True
    kind: Literal["imtl"] = "imtl"
    initial: float = field(0.0, "Initial logarithm of every factor.", title="Initial log-factor", ge=-20, le=20)


class NashMtlWeighting(_LeveledWeighting):
    """The tasks bargain for the step: the Nash solution, whatever the losses' scales (Navon et al. 2022)."""

    title: ClassVar[str] = "Nash-MTL (Navon et al. 2022)"
    kind: Literal["nash_mtl"] = "nash_mtl"
    max_norm: float = field(1.0, "The longest step in the shared layers; 0 does not limit it.", ge=0, le=1e6)
    update_every: int = field(
        1, "The bargain is struck anew every so many steps, and used again in between.", unit="steps", ge=1, le=10000
    )


class AlignedMtlWeighting(_LeveledWeighting):
    """Gradients are made orthogonal and equally long before they are added (Senushkin et al. 2023)."""

    title: ClassVar[str] = "Aligned-MTL (Senushkin et al. 2023)"
    kind: Literal["aligned_mtl"] = "aligned_mtl"
    scale_mode: Literal["min", "median", "rmse"] = field(
        "min", "The common length: that of the smallest, the median or the mean component.", title="Scale"
    )
    preference: dict[str, Weight] = _preference()


class ConfigWeighting(_LeveledWeighting):
    """The step with the same angle to every task's gradient: conflict-free (Liu et al. 2025)."""

    title: ClassVar[str] = "ConFIG (Liu et al. 2025)"
    kind: Literal["config"] = "config"
    preference: dict[str, Weight] = _preference()


class UpGradWeighting(_LeveledWeighting):
    """Each gradient is projected to where it hurts no task, then they are averaged (Quinton & Rey 2024)."""

    title: ClassVar[str] = "UPGrad (Quinton & Rey 2024)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a quadratic program per task."
    kind: Literal["upgrad"] = "upgrad"
    reg_eps: float = field(
        0.0, "Added to the normalised Gramian; 0 is exact.", title="Regularisation", ge=0, le=1, advanced=True
    )
    preference: dict[str, Weight] = _preference()


class DualProjWeighting(_LeveledWeighting):
    """The mean gradient is projected to where it hurts no task (Lopez-Paz & Ranzato 2017)."""

    title: ClassVar[str] = "DualProj (Lopez-Paz & Ranzato 2017)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a small quadratic program."
    kind: Literal["dualproj"] = "dualproj"
    reg_eps: float = field(
        0.0, "Added to the normalised Gramian; 0 is exact.", title="Regularisation", ge=0, le=1, advanced=True
    )
    preference: dict[str, Weight] = _preference()


class FairGradWeighting(_LeveledWeighting):
    """The progress of a step is shared among the tasks alpha-fairly (Ban & Ji 2024)."""

    title: ClassVar[str] = "FairGrad (Ban & Ji 2024)"
    kind: Literal["fairgrad"] = "fairgrad"
    alpha: float = field(
        1.0,
        "Fairness: near 0 the sum counts, 1 is Nash, large is the worst-off task.",
        title="Fairness (alpha)",
        gt=0,
        le=100,
    )


class MoCoWeighting(_GradientWeighting):
    """MGDA on gradients averaged over the steps, which takes the noise of the batches out (Fernando et al. 2023)."""

    title: ClassVar[str] = "MoCo (Fernando et al. 2023)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and the memory of a gradient per task."
    kind: Literal["moco"] = "moco"
    beta: float = field(0.5, "How fast the averages follow the gradients.", title="Tracking (beta)", gt=0, le=1)
    beta_sigma: float = field(
        0.5, "The tracking slows down by step^sigma.", title="Slowing of the tracking", ge=0, le=2, advanced=True
    )
    gamma: float = field(0.1, "Step size of the weights.", title="Step size (gamma)", ge=0, le=100, scale="log")
    gamma_sigma: float = field(
        0.5, "The step size shrinks by step^sigma.", title="Shrinking of the step size", ge=0, le=2, advanced=True
    )
    rho: float = field(
        0.0, "Pulls the weights towards equal ones.", title="Regularisation (rho)", ge=0, le=100, advanced=True
    )


class SdmGradWeighting(_GradientWeighting):
    """MGDA kept near the mean gradient, with weights from two independent parts of the batch (Xiao et al. 2023)."""

    title: ClassVar[str] = "SDMGrad (Xiao et al. 2023)"
    cost: ClassVar[str] = "Three thirds of a batch: one backward pass through the shared layers per task and third."
    kind: Literal["sdmgrad"] = "sdmgrad"
    pull: float = field(
        0.3, "How strongly the step is drawn to the mean gradient.", title="Pull (lambda)", ge=0, le=1e3
    )
    lr: float = field(10.0, "Step size of the weights.", title="Step size of the weights", gt=0, le=1e3, scale="log")
    momentum: float = field(0.5, "Momentum of the weights.", ge=0, lt=1, advanced=True)
    iterations: int = field(20, "Steps of the weights per step of the model.", ge=1, le=10000, advanced=True)
    preference: dict[str, Weight] = _preference()


class MoDoWeighting(_GradientWeighting):
    """MGDA whose weights take one small step at a time, from independent parts of the batch (Chen et al. 2023)."""

    title: ClassVar[str] = "MoDo (Chen et al. 2023)"
    cost: ClassVar[str] = "Three thirds of a batch: one backward pass through the shared layers per task and third."
    kind: Literal["modo"] = "modo"
    gamma: float = field(1e-3, "Step size of the weights.", title="Step size (gamma)", gt=0, le=100, scale="log")
    rho: float = field(0.1, "Pulls the weights towards equal ones.", title="Regularisation (rho)", ge=0, le=100)


class ExcessMtlWeighting(_GradientWeighting):
    """Tasks that are still far from their best, by an estimate from the gradients, weigh more (He et al. 2024)."""

    title: ClassVar[str] = "ExcessMTL (He et al. 2024)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and the memory of a gradient per task."
    kind: Literal["excess_mtl"] = "excess_mtl"
    lr: float = field(0.01, "Step size of the weights.", title="Step size of the weights", gt=0, le=100, scale="log")


class DbMtlWeighting(_GradientWeighting):
    """Gradients of log-losses, averaged over the steps and brought to the same length (Lin et al. 2023)."""

    title: ClassVar[str] = "DB-MTL (Lin et al. 2023)"
    positive: ClassVar[bool] = True
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and the memory of a gradient per task."
    kind: Literal["db_mtl"] = "db_mtl"
    beta: float = field(0.9, "How much of the average is kept in a step.", title="Memory (beta)", ge=0, lt=1)
    sigma: float = field(
        0.0, "The memory shortens by step^sigma.", title="Shortening of the memory", ge=0, le=2, advanced=True
    )


Weighting = Annotated[
    EqualWeighting
    | ManualWeighting
    | UncertaintyWeighting
    | DwaWeighting
    | RandomWeighting
    | GeometricMeanWeighting
    | ImtlLWeighting
    | FamoWeighting
    | StchWeighting
    | GradNormWeighting
    | PcGradWeighting
    | MgdaWeighting
    | GradVacWeighting
    | GradDropWeighting
    | CaGradWeighting
    | ImtlGWeighting
    | ImtlWeighting
    | NashMtlWeighting
    | AlignedMtlWeighting
    | ConfigWeighting
    | UpGradWeighting
    | DualProjWeighting
    | FairGradWeighting
    | MoCoWeighting
    | SdmGradWeighting
    | MoDoWeighting
    | ExcessMtlWeighting
    | DbMtlWeighting,
    Field(discriminator="kind"),
]

"""Weighting methods that combine the tasks' gradients of the shared parameters."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import field
from mtl_core.spec.weighting.base import GradientWeighting, LeveledWeighting, Weight, preferences


class PcGradWeighting(LeveledWeighting):
    """Conflicting gradients are projected onto each other's normal plane (Yu et al. 2020)."""

    title: ClassVar[str] = "PCGrad (Yu et al. 2020)"
    kind: Literal["pcgrad"] = "pcgrad"


class MgdaWeighting(LeveledWeighting):
    """The shortest convex combination of the gradients: a step that worsens no task (Sener & Koltun 2018)."""

    title: ClassVar[str] = "MGDA (Sener & Koltun 2018)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a small quadratic program."
    kind: Literal["mgda"] = "mgda"
    normalization: Literal["none", "l2", "loss", "loss+"] = field(
        "l2", "What each gradient is divided by first: nothing, its norm, its loss, or both."
    )

    def floor(self, task: str) -> float | None:
        """0 where gradients are divided by losses."""
        return 0.0 if "loss" in self.normalization else super().floor(task)


class GradVacWeighting(LeveledWeighting):
    """Gradients are bent towards each other until they agree as much as they usually do (Wang et al. 2021)."""

    title: ClassVar[str] = "GradVac (Wang et al. 2021)"
    kind: Literal["gradvac"] = "gradvac"
    beta: float = field(0.5, "How fast the usual agreement follows the present one.", title="Update (beta)", ge=0, le=1)


class GradDropWeighting(GradientWeighting):
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


class CaGradWeighting(LeveledWeighting):
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


class ImtlGWeighting(LeveledWeighting):
    """The step whose projections onto all tasks' gradients are equal (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL-G (Liu et al. 2021)"
    kind: Literal["imtl_g"] = "imtl_g"


class ImtlWeighting(LeveledWeighting):
    """IMTL-L scales the losses and IMTL-G combines their gradients (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL (Liu et al. 2021)"
    positive: ClassVar[bool] = True
    kind: Literal["imtl"] = "imtl"
    initial: float = field(0.0, "Initial logarithm of every factor.", title="Initial log-factor", ge=-20, le=20)


class NashMtlWeighting(LeveledWeighting):
    """The tasks bargain for the step: the Nash solution, whatever the losses' scales (Navon et al. 2022)."""

    title: ClassVar[str] = "Nash-MTL (Navon et al. 2022)"
    kind: Literal["nash_mtl"] = "nash_mtl"
    max_norm: float = field(1.0, "The longest step in the shared layers; 0 does not limit it.", ge=0, le=1e6)
    update_every: int = field(
        1, "The bargain is struck anew every so many steps, and used again in between.", unit="steps", ge=1, le=10000
    )


class AlignedMtlWeighting(LeveledWeighting):
    """Gradients are made orthogonal and equally long before they are added (Senushkin et al. 2023)."""

    title: ClassVar[str] = "Aligned-MTL (Senushkin et al. 2023)"
    kind: Literal["aligned_mtl"] = "aligned_mtl"
    scale_mode: Literal["min", "median", "rmse"] = field(
        "min", "The common length: that of the smallest, the median or the mean component.", title="Scale"
    )
    preference: dict[str, Weight] = preferences()


class ConfigWeighting(LeveledWeighting):
    """The step with the same angle to every task's gradient: conflict-free (Liu et al. 2025)."""

    title: ClassVar[str] = "ConFIG (Liu et al. 2025)"
    kind: Literal["config"] = "config"
    preference: dict[str, Weight] = preferences()


class _Projected(LeveledWeighting):
    reg_eps: float = field(
        0.0, "Added to the normalized Gramian; 0 is exact.", title="Regularization", ge=0, le=1, advanced=True
    )
    norm_eps: float = field(
        0.0,
        "Gradients whose squared lengths sum to less are averaged as they are, as torchjd does below 0.0001; 0: never.",
        title="Shortest gradients",
        ge=0,
        le=1,
        advanced=True,
    )
    preference: dict[str, Weight] = preferences()


class UpGradWeighting(_Projected):
    """Each gradient is projected to where it hurts no task, then they are averaged (Quinton & Rey 2024)."""

    title: ClassVar[str] = "UPGrad (Quinton & Rey 2024)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a quadratic program per task."
    kind: Literal["upgrad"] = "upgrad"


class DualProjWeighting(_Projected):
    """The mean gradient is projected to where it hurts no task (Lopez-Paz & Ranzato 2017)."""

    title: ClassVar[str] = "DualProj (Lopez-Paz & Ranzato 2017)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and a small quadratic program."
    kind: Literal["dualproj"] = "dualproj"


class FairGradWeighting(LeveledWeighting):
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


class MoCoWeighting(GradientWeighting):
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
        0.0, "Pulls the weights towards equal ones.", title="Regularization (rho)", ge=0, le=100, advanced=True
    )


class SdmGradWeighting(GradientWeighting):
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
    preference: dict[str, Weight] = preferences()


class MoDoWeighting(GradientWeighting):
    """MGDA whose weights take one small step at a time, from independent parts of the batch (Chen et al. 2023)."""

    title: ClassVar[str] = "MoDo (Chen et al. 2023)"
    cost: ClassVar[str] = "Three thirds of a batch: one backward pass through the shared layers per task and third."
    kind: Literal["modo"] = "modo"
    gamma: float = field(1e-3, "Step size of the weights.", title="Step size (gamma)", gt=0, le=100, scale="log")
    rho: float = field(0.1, "Pulls the weights towards equal ones.", title="Regularization (rho)", ge=0, le=100)


class ExcessMtlWeighting(GradientWeighting):
    """Tasks that are still far from their best, by an estimate from the gradients, weigh more (He et al. 2024)."""

    title: ClassVar[str] = "ExcessMTL (He et al. 2024)"
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and the memory of a gradient per task."
    kind: Literal["excess_mtl"] = "excess_mtl"
    lr: float = field(0.01, "Step size of the weights.", title="Step size of the weights", gt=0, le=100, scale="log")


class DbMtlWeighting(GradientWeighting):
    """Gradients of log-losses, averaged over the steps and brought to the same length (Lin et al. 2023)."""

    title: ClassVar[str] = "DB-MTL (Lin et al. 2023)"
    positive: ClassVar[bool] = True
    cost: ClassVar[str] = "One backward pass through the shared layers per task, and the memory of a gradient per task."
    kind: Literal["db_mtl"] = "db_mtl"
    beta: float = field(0.9, "How much of the average is kept in a step.", title="Memory (beta)", ge=0, lt=1)
    sigma: float = field(
        0.0, "The memory shortens by step^sigma.", title="Shortening of the memory", ge=0, le=2, advanced=True
    )

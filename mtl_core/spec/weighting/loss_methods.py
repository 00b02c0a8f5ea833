"""Weighting methods that weigh losses, and GradNorm, which weighs them by their gradient norms."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import field
from mtl_core.spec.weighting.base import BaseWeighting, Weight, preferences


class EqualWeighting(BaseWeighting):
    """The plain sum of the losses."""

    title: ClassVar[str] = "Equal"
    kind: Literal["equal"] = "equal"


class ManualWeighting(BaseWeighting):
    """A weight per task, set by you; it may be moved during the run."""

    title: ClassVar[str] = "Manual"
    kind: Literal["manual"] = "manual"
    weights: dict[str, Weight] = field(
        help="Each task's weight; 1 for a task left out.", widget="slider", default_factory=dict
    )


class UncertaintyWeighting(BaseWeighting):
    """Each loss is divided by a learned variance, its uncertainty (Kendall et al. 2018)."""

    title: ClassVar[str] = "Uncertainty (Kendall et al. 2018)"
    kind: Literal["uncertainty"] = "uncertainty"
    initial: float = field(0.0, "Initial log-variance of every task.", title="Initial log-variance", ge=-20, le=20)

    def floor(self, task: str) -> float:
        """0: for negative losses the variance shrinks and the weight grows without bound."""
        return 0.0


class DwaWeighting(BaseWeighting):
    """Tasks whose loss falls slowly weigh more: dynamic weight average (Liu et al. 2019)."""

    title: ClassVar[str] = "Dynamic weight average (Liu et al. 2019)"
    positive: ClassVar[bool] = True
    kind: Literal["dwa"] = "dwa"
    temperature: float = field(2.0, "Higher is closer to equal weights.", gt=0, le=1000, scale="log")


class RandomWeighting(BaseWeighting):
    """Weights drawn anew in every step, adding up to 1: a baseline that is hard to beat (Lin et al. 2022)."""

    title: ClassVar[str] = "Random (Lin et al. 2022)"
    kind: Literal["random"] = "random"


class GeometricMeanWeighting(BaseWeighting):
    """The geometric mean of the losses: what counts is their relative change (Chennupati et al. 2019)."""

    title: ClassVar[str] = "Geometric mean (Chennupati et al. 2019)"
    positive: ClassVar[bool] = True
    kind: Literal["geometric_mean"] = "geometric_mean"


class ImtlLWeighting(BaseWeighting):
    """Each loss is multiplied by a learned factor that brings all of them to the same size (Liu et al. 2021)."""

    title: ClassVar[str] = "IMTL-L (Liu et al. 2021)"
    positive: ClassVar[bool] = True
    kind: Literal["imtl_l"] = "imtl_l"
    initial: float = field(0.0, "Initial logarithm of every factor.", title="Initial log-factor", ge=-20, le=20)


class FamoWeighting(BaseWeighting):
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

    def floor(self, task: str) -> float:
        """The task's lowest loss, above which the paper takes its logarithm."""
        return self.lowest.get(task, 0.0)


class StchWeighting(BaseWeighting):
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
    preference: dict[str, Weight] = preferences()


class GradNormWeighting(BaseWeighting):
    """Weights are learned so that all tasks train at similar rates (Chen et al. 2018)."""

    title: ClassVar[str] = "GradNorm (Chen et al. 2018)"
    positive: ClassVar[bool] = True
    cost: ClassVar[str] = "One more gradient of the last shared layer per task."
    kind: Literal["gradnorm"] = "gradnorm"
    alpha: float = field(
        1.5, "How strongly slow tasks are pulled up; 0 equalizes gradient norms.", title="Pull (alpha)", ge=0, le=10
    )
    lr: float = field(
        0.025, "Learning rate of the weights.", title="Learning rate of the weights", gt=0, le=10, scale="log"
    )

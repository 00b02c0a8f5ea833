"""Averages of the weights over the course of training."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field


class Unaveraged(Spec):
    """The weights of the last step are validated, tested and kept."""

    title: ClassVar[str] = "None"
    kind: Literal["unaveraged"] = "unaveraged"


class Ema(Spec):
    """An exponential moving average of the weights is validated, tested and kept (Polyak & Juditsky 1992)."""

    title: ClassVar[str] = "Moving average (EMA)"
    kind: Literal["ema"] = "ema"
    decay: float = field(
        0.999, "Share of the average that a step keeps; less in the first steps, which have no past.", gt=0, lt=1
    )


class Swa(Spec):
    """The mean of the weights at the ends of the last epochs is validated, tested and kept (Izmailov et al. 2018)."""

    title: ClassVar[str] = "Mean of epochs (SWA)"
    kind: Literal["swa"] = "swa"
    start: float = field(0.75, "Share of the epochs before the first that counts.", title="Starts after", ge=0, lt=1)


Averaging = Annotated[Unaveraged | Ema | Swa, Field(discriminator="kind")]

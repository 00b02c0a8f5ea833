"""What all weighting methods have in common."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Weight = Annotated[float, Field(ge=0, le=1e6)]


class WeightMove(Spec):
    """Loss weights set by hand while a run trains; replayed when its spec is run again."""

    title: ClassVar[str] = "Weight move"
    step: int = field(help="The step from which on they hold (0 is the first).", ge=0)
    weights: dict[str, Weight] | None = field(help="A weight for every task; nothing: back to the weighting method.")


class BaseWeighting(Spec):
    """A way of turning the losses into one update."""

    builder: ClassVar[str] = ""
    """The module whose ``build(spec, setup)`` makes the method; a package that adds a method must name its own."""
    cost: ClassVar[str] = "One backward pass: no extra cost."
    positive: ClassVar[bool] = False
    """Whether the method is one of losses above 0, of which it takes logarithms, roots or ratios."""
    moves: tuple[WeightMove, ...] = field((), "Weights moved by hand during the run.", widget="hidden")
    normalize: Literal["none", "log", "scale"] = field(
        "none",
        "Losses as they are, their logarithms, or each divided by the running mean of its size.",
        title="Normalize losses",
        advanced=True,
    )

    def floor(self, task: str) -> float | None:
        """What the losses of a task must stay above for the method to be what it says; None where any will do."""
        return 0.0 if self.positive or self.normalize == "log" else None


class GradientWeighting(BaseWeighting):
    """What the methods that combine the tasks' gradients have in common."""

    cost: ClassVar[str] = "One backward pass through the shared layers per task."


LEVELS = {
    "parameters": "Compared are the gradients of all shared parameters.",
    "last_layer": "Compared are the gradients of the last shared layer; the weights found there hold for all shared "
    "layers, and one backward pass does for all tasks.",
    "representation": "Compared are the gradients of what the shared layers give for this batch: one backward pass "
    "does for all tasks, but it is another objective, which may see conflicts that the parameters do not have.",
}
"""What it means to compare gradients at a level; not the same objective."""


class LeveledWeighting(GradientWeighting):
    """Those whose direction is a weighted sum of the gradients."""

    level: Literal["parameters", "last_layer", "representation"] = field(
        "parameters",
        "Whose gradients are compared: of all shared parameters, of the last shared layer, or of what the shared "
        "layers give for the batch. They are not the same objective.",
        title="Gradients of",
    )


def preferences() -> Any:
    """A field of how much each task matters."""
    return field(
        help="How much each task matters; 1 for a task left out.", widget="slider", default_factory=dict, advanced=True
    )

"""The base of all weighting methods."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from mtl_core.spec.base import Spec, field

Weight = Annotated[float, Field(ge=0, le=1e6)]


class WeightMove(Spec):
    """Loss weights set by hand while a run trains; replayed when its spec is run again."""

    title: ClassVar[str] = "Weight move"
    step: int = field(help="The first step with these weights (steps count from 0).", ge=0)
    weights: dict[str, Weight] | None = field(help="A weight for every task; nothing: back to the weighting method.")


class BaseWeighting(Spec):
    """Base class of weighting methods, which turn the tasks' losses into one update."""

    builder: ClassVar[str] = ""
    """Name of the module whose ``build(spec, setup)`` builds a method of another package."""
    cost: ClassVar[str] = "One backward pass: no extra cost."
    positive: ClassVar[bool] = False
    """Whether the method needs positive losses, since it takes logarithms, roots or ratios of them."""
    moves: tuple[WeightMove, ...] = field((), "Weights moved by hand during the run.", widget="hidden")
    normalize: Literal["none", "log", "scale"] = field(
        "none",
        "Losses as they are, their logarithms, or each divided by the running mean of its size.",
        title="Normalize losses",
        advanced=True,
    )

    def floor(self, task: str) -> float | None:
        """Lower bound of the losses of a task that the method can handle; None for any loss."""
        return 0.0 if self.positive or self.normalize == "log" else None


class GradientWeighting(BaseWeighting):
    """Base class of methods that combine the tasks' gradients."""

    cost: ClassVar[str] = "One backward pass through the shared layers per task."


LEVELS = {
    "parameters": "Compares the gradients of all shared parameters.",
    "last_layer": "Compares the gradients of the last shared layer; the task weights serve all shared layers, and "
    "one backward pass serves all tasks.",
    "representation": "Compares the gradients of the shared layers' output for the batch: one backward pass serves all "
    "tasks, but it is another objective, which may find conflicts that the parameters do not have.",
}
"""Explanation of each level at which gradients can be compared; the levels have different objectives."""


class LeveledWeighting(GradientWeighting):
    """Base class of methods whose direction is a weighted sum of the gradients, which can be compared at any level."""

    level: Literal["parameters", "last_layer", "representation"] = field(
        "parameters",
        "Whose gradients are compared: of all shared parameters, of the last shared layer, or of what the shared "
        "layers give for the batch. They are not the same objective.",
        title="Gradients of",
    )


def preferences() -> Any:
    """A field for the relative importance of each task."""
    return field(
        help="How much each task matters; 1 for a task left out.", widget="slider", default_factory=dict, advanced=True
    )

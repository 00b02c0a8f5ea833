"""The base of all sharing schemes."""

from collections.abc import Sequence
from typing import Any, ClassVar

from mtl_core.errors import Problem
from mtl_core.spec.base import Spec, field
from mtl_core.spec.reports import Shape
from mtl_core.spec.sharing.block_diagram import SchemeDiagram, TrunkLayers, trunk_diagram
from mtl_core.spec.sharing.learned_series import LearnedSeries

SHARING_PATH = "model.sharing"


class BaseSharing(Spec):
    """A sharing scheme: all that is known of it without torch.

    The model is built by the module named after its kind in :mod:`mtl_core.architectures.sharing`.

    Attributes:
        one_representation: Whether all tasks read the same features, so that their gradients there can be compared.
        freezes_trunk: Whether the shared layers are never trained.
        trains_trunk: Whether parameters outside the tasks' own parts are trained, which can be frozen for some epochs.
        trains_jointly: Whether several runs with this scheme can be trained in one loop.
        learns: The series in which runs record what the scheme learned.
    """

    one_representation: ClassVar[bool] = True
    freezes_trunk: ClassVar[bool] = False
    trains_trunk: ClassVar[bool] = True
    trains_jointly: ClassVar[bool] = False
    learns: ClassVar[tuple[LearnedSeries, ...]] = ()

    @property
    def max_levels(self) -> int | None:
        """The number of levels, at most, into which the stages of the trunk are grouped; None for no levels."""
        return None

    def trunk_problem(self, layers: Sequence[Spec]) -> Problem | None:
        """Why the scheme can do nothing with these shared layers, although the model can be built; None if it can."""
        return None

    def input_copies(self, tasks: int) -> int:
        """The number of copies of the encoders and the fusion in a model of several tasks with shared layers."""
        return 1

    def representation(self, shape: Shape) -> Shape:
        """Shape of what a task's own layers read, given the output shape of the shared layers."""
        return shape

    def diagram(self, trunk: TrunkLayers, tasks: int) -> SchemeDiagram:
        """How a model with at least one stage is drawn."""
        return trunk_diagram(trunk, tasks)


def own_share_field(
    help: str = "Share of its own features each task starts with; the others get the rest in equal parts.",  # noqa: A002
) -> Any:
    """A field for the share of its own features that a task starts with."""
    return field(0.9, help, title="Own share at the start", ge=0, le=1)


def lr_factor_field() -> Any:
    """A field for the learning rate of the units between towers."""
    text = "Learning rate of the units as a multiple of that of the shared layers; with SGD, 100 is usual."
    return field(1.0, text, title="Units' learning rate, factor", gt=0, le=1e6, scale="log", advanced=True)

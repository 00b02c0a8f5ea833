"""Layers behind the beginning of members: which of them each member has of its own."""

from dataclasses import dataclass, replace

from torch import nn

from mtl_core.architectures.layers.faults import Fault, QuickFix
from mtl_core.architectures.layers.members import BatchEnsembleLinear, MemberCopies, PackedLinear
from mtl_core.architectures.layers.registry import KINDS
from mtl_core.spec import layers as spec
from mtl_core.spec.base import Spec
from mtl_core.spec.reports import Shape

BEGINNING_IN_ENCODER = Fault(
    "TabM stands in the shared layers or in a task's own; the inputs are read once for all members.",
    QuickFix("Remove this layer", ()),
)
BEGINNING_IN_BLOCK = Fault(
    "TabM stands between blocks, not in one, whose skip would lack the members.", QuickFix("Remove this layer", ())
)


@dataclass(frozen=True)
class Members:
    """The members that share the layers of a stack.

    Attributes:
        count: Number of members.
        variant: What a member has of its own, as in :class:`mtl_core.spec.layers.TabM`.
        scaled: Whether the features already have the scaling of the next Linear's inputs: that of the TabM layer.
    """

    count: int
    variant: str
    scaled: bool = False

    @property
    def independent(self) -> "Members":
        """The same members with all layers of their own."""
        return replace(self, variant="packed")


def build_layer(layer: Spec, shape: Shape, members: Members | None) -> nn.Module:
    """Builds a layer for an input shape, behind the beginning of members if there are any."""
    if members is None or members.variant == "mini":
        return KINDS[type(layer)].build(layer, shape)
    if isinstance(layer, spec.Linear):
        if members.variant == "packed":
            return PackedLinear(shape[0], layer, members.count)
        return BatchEnsembleLinear(shape[0], layer, members.count, scale_inputs=not members.scaled)
    module = KINDS[type(layer)].build(layer, shape)
    if members.variant == "full" or not list(module.parameters()):
        return module
    return MemberCopies([module, *(KINDS[type(layer)].build(layer, shape) for _ in range(members.count - 1))])


def independent_copies(members: Members | None) -> int:
    """How many copies there are of what a block adds to its layers: one for each member, where all is their own."""
    return members.count if members is not None and members.variant == "packed" else 1


def members_behind(layer: Spec, members: Members | None) -> Members | None:
    """The members behind a layer."""
    if isinstance(layer, spec.TabM):
        return Members(layer.members, layer.variant, scaled=True)
    if members is not None and isinstance(layer, spec.Linear):
        return replace(members, scaled=False)
    return members


def count_of(members: Members | None) -> int:
    """The rows of a batch for each row of the data."""
    return 1 if members is None else members.count


def check_members(layer: Spec, members: Members | None) -> Fault | None:
    """Fault of a second beginning of members."""
    if members is None or not begins_members(layer):
        return None
    return Fault("TabM is already above: the members begin once.", QuickFix("Remove this layer", ()))


def begins_members(layer: Spec) -> bool:
    """Whether a layer is the beginning of members."""
    return isinstance(layer, spec.TabM)

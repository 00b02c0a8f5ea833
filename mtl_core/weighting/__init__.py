"""Loss-based and gradient-based weighting methods behind one interface: from the tasks' losses to one update.

A method is one module in `mtl_core.weighting.methods`, named after the ``kind`` of its spec class; see there
for how to add one. The conventions that hold for all methods are documented in `mtl_core.weighting.interface`.
"""

from mtl_core.weighting.autograd.shared_representation import SharedRepresentation, detach_at_representation
from mtl_core.weighting.context import WeightingContext
from mtl_core.weighting.interface import ForwardPass, SharedModel, Weighting, match_state, weighted_backward
from mtl_core.weighting.registry import TaskLike, build_weighting
from mtl_core.weighting.wrappers.manual_override import ManualOverride

__all__ = [
    "ForwardPass",
    "ManualOverride",
    "SharedModel",
    "SharedRepresentation",
    "TaskLike",
    "Weighting",
    "WeightingContext",
    "build_weighting",
    "detach_at_representation",
    "match_state",
    "weighted_backward",
]

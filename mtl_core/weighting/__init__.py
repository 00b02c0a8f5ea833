"""How the tasks' losses become one update: loss-based and gradient-based weighting behind one interface.

A method is one module in `mtl_core.weighting.methods`, named after the ``kind`` of its spec class; see there
for how to add one. The conventions that hold for all of them stand in `mtl_core.weighting.interface`.
"""

from mtl_core.weighting.autograd.shared_representation import Cut, cut_forward
from mtl_core.weighting.interface import Pass, SharedModel, Weighting, matching, weighted_backward
from mtl_core.weighting.registry import TaskLike, build_weighting
from mtl_core.weighting.setup import Setup
from mtl_core.weighting.wrappers.movable import MovableWeighting

__all__ = [
    "Cut",
    "MovableWeighting",
    "Pass",
    "Setup",
    "SharedModel",
    "TaskLike",
    "Weighting",
    "build_weighting",
    "cut_forward",
    "matching",
    "weighted_backward",
]
